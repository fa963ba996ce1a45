prune {}
deploy "prod" { x = 1 }

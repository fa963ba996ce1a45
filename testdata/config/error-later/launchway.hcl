deploy "prod" { x = 1 }
deploy {}

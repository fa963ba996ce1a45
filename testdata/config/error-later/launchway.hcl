notify "slack" {}
deploy "prod" { x = 1 }
environment "x" {}

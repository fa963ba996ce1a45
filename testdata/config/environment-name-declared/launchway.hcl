variable "environment" { default = { name = "mine" } }
environment "dev" {}
release { tags = [environment.name] }

variable "account" { default = "111111111111" }
environment "dev" {}
environment "production" { account = "222222222222" }
release { tags = [account] }

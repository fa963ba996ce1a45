variable "account" { default = "111111111111" }
variable "region" { default = "eu-central-1" }
variable "names" {
  type    = list(string)
  default = []
}
environment "production" {
  account = "222222222222"
  region  = "eu-west-1"
  names   = ["b"]
}
release { tags = concat([account, region], names) }

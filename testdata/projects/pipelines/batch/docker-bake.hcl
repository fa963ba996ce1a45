variable "account" {
  default = "123456789012"
}

target "default" {
  platforms = ["linux/amd64"]
  tags      = ["${account}.dkr.ecr.ap-northeast-1.amazonaws.com/shop-dev-nightly-batch"]
}

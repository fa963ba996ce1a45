variable "account" {
  default = "123456789012"
}

variable "registry" {
  default = "${account}.dkr.ecr.ap-northeast-1.amazonaws.com"
}

group "default" {
  targets = ["webapp", "log-router"]
}

target "webapp" {
  context   = "webapp"
  platforms = ["linux/amd64", "linux/arm64"]
  tags      = ["${registry}/sample3-webapp"]
}

target "log-router" {
  context   = "firelens"
  platforms = ["linux/amd64", "linux/arm64"]
  tags      = ["${registry}/sample3-custom-logrouter-firelens"]
}

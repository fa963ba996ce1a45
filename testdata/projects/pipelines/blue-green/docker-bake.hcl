variable "account" {
  default = "123456789012"
}

variable "cpu" {
  default = 256
}

variable "log_level" {
  default = "info"
}

target "default" {
  platforms = ["linux/amd64"]
  tags      = ["${account}.dkr.ecr.ap-northeast-1.amazonaws.com/deploy-app"]
}

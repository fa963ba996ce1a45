variable "ACCOUNT" {
  default = "123456789012"
}

variable "REGISTRY" {
  default = "${ACCOUNT}.dkr.ecr.ap-northeast-1.amazonaws.com"
}

group "default" {
  targets = ["web", "rp"]
}

target "_common" {
  platforms = ["linux/amd64", "linux/arm64"]
}

target "web" {
  inherits   = ["_common"]
  dockerfile = "Dockerfile_web"
  tags       = ["${REGISTRY}/my-app-web"]
}

target "rp" {
  inherits   = ["_common"]
  dockerfile = "Dockerfile_rp"
  tags       = ["${REGISTRY}/my-app-rp"]
}

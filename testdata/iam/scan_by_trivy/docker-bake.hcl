variable "REGISTRY" { default = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com" }
target "web" {
  dockerfile-inline = "FROM scratch"
  tags              = ["${REGISTRY}/shop/web:latest"]
}
target "api" {
  dockerfile-inline = "FROM scratch"
  tags              = ["${REGISTRY}/shop/api:latest", "ghcr.io/shop/api:latest"]
}
group "default" { targets = ["web", "api"] }

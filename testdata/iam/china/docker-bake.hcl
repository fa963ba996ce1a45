variable "REGISTRY" { default = "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn" }
target "web" {
  dockerfile-inline = "FROM scratch"
  tags              = ["${REGISTRY}/shop/web:latest"]
}
target "api" {
  dockerfile-inline = "FROM scratch"
  tags              = ["${REGISTRY}/shop/api:latest", "ghcr.io/shop/api:latest"]
}
group "default" { targets = ["web", "api"] }

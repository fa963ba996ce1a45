variable "REGISTRY" { default = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com" }
target "web" {
  dockerfile-inline = "FROM scratch"
  tags              = ["${REGISTRY}/shop/web:latest"]
}
target "api" {
  dockerfile-inline = "FROM scratch"
  tags              = ["${REGISTRY}/shop/api:latest", "210987654321.dkr.ecr.eu-west-1.amazonaws.com/shop/api:latest"]
}
group "default" { targets = ["web", "api"] }
target "web" {
  contexts   = { php = "docker-image://${REGISTRY}/base/php:8.4" }
  cache-from = ["type=registry,ref=${REGISTRY}/shop/old-cache:web"]
}

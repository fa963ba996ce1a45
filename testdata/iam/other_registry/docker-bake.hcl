variable "REGISTRY" { default = "registry.example.com" }
target "web" {
  dockerfile-inline = "FROM scratch"
  tags              = ["${REGISTRY}/shop/web:latest"]
}
target "api" {
  dockerfile-inline = "FROM scratch"
  tags              = ["${REGISTRY}/shop/api:latest", "ghcr.io/shop/api:latest"]
}
group "default" { targets = ["web", "api"] }

variable "REGISTRY" { default = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com" }
target "web" {
  dockerfile = "web.Dockerfile"
  args       = { BASES = REGISTRY }
  contexts   = { tools = "docker-image://${REGISTRY}/base/tools:1" }
  tags       = ["${REGISTRY}/shop/web:latest"]
}
group "default" { targets = ["web"] }

variable "REGISTRY" { default = "123456789012.dkr.ecr.eu-west-1.amazonaws.com" }
function "image" {
  params = [name]
  result = "${REGISTRY}/${name}:latest"
}
target "web" { tags = [image("web")] }
target "rp" { tags = [image("rp")] }
group "default" { targets = ["web", "rp"] }

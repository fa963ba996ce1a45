variable "IMAGES" {
  default = {
    web = { path = "web", port = 80 }
    api = { path = "api", port = 8080 }
  }
}
target "image" {
  name = name
  matrix = { name = keys(IMAGES) }
  context = IMAGES[name].path
  args = { PORT = IMAGES[name].port }
  tags = [for t in ["1", "latest"]: "reg/${name}:${t}"]
}
group "default" { targets = [for k, v in IMAGES: k if v.port > 100] }

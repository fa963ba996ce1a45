# The shop's images, for `launchway bake`, `launchway release` and `docker buildx bake` alike.

variable "REGISTRY" {
  default = "127.0.0.1:5000"
}

variable "TAG" {
  default = "latest"
}

variable "BASE" {
  default = "${REGISTRY}/base/busybox:stable"
}

function "image" {
  params = [name]
  result = ["${REGISTRY}/shop-${name}:${TAG}"]
}

group "default" {
  targets = ["web", "rp", "app", "firelens"]
}

target "_common" {
  platforms = ["linux/amd64", "linux/arm64"]
  args = {
    BASE = BASE
  }
}

target "web" {
  inherits   = ["_common"]
  dockerfile = "Dockerfile_web"
  tags       = image("web")
}

target "rp" {
  inherits   = ["_common"]
  dockerfile = "Dockerfile_rp"
  tags       = image("rp")
}

# The HTTP API and the nightly batch share everything but their last stage.
target "app" {
  name     = component
  inherits = ["_common"]
  matrix = {
    component = ["api", "batch"]
  }
  context = "app"
  target  = component
  tags    = image(component)
}

target "firelens" {
  inherits = ["_common"]
  context  = "firelens"
  tags     = image("firelens")
}

variable "REGISTRY" {
  default = "localhost:5000/shop"
}

variable "TAG" {
  default = "dev"
}

group "default" {
  targets = ["web", "rp", "app", "firelens"]
}

group "app" {
  targets = ["api", "batch"]
}

target "_common" {
  platforms = ["linux/amd64", "linux/arm64"]
  labels = {
    "org.opencontainers.image.source" = "https://example.com/shop"
  }
}

target "web" {
  inherits   = ["_common"]
  dockerfile = "Dockerfile_web"
  tags       = ["${REGISTRY}/web:${TAG}"]
}

target "rp" {
  inherits   = ["_common"]
  dockerfile = "Dockerfile_rp"
  tags       = ["${REGISTRY}/rp:${TAG}"]
}

target "_app" {
  inherits = ["_common"]
  context  = "./app"
  args = {
    APP_ENV = TAG == "dev" ? "development" : "production"
    EXTENSIONS = null
  }
}

target "api" {
  inherits = ["_app"]
  target   = "api"
  tags     = ["${REGISTRY}/api:${TAG}"]
}

target "batch" {
  inherits = ["_app"]
  target   = "batch"
  tags     = ["${REGISTRY}/batch:${TAG}"]
}

target "firelens" {
  inherits = ["_common"]
  context  = "firelens"
  tags     = ["${REGISTRY}/firelens:${TAG}"]
}

// A typical file of a repository with several images.
variable "REGISTRY" { default = "docker.io/acme" }
variable "VERSION" { default = "0.0.0-dev" }
variable "PUSH_LATEST" { default = false }
variable "CI" {}
variable "GITHUB_SHA" {}

function "tags" {
  params = [name]
  result = concat(
    ["${REGISTRY}/${name}:${VERSION}"],
    PUSH_LATEST ? ["${REGISTRY}/${name}:latest"] : [],
    notequal("", GITHUB_SHA) ? ["${REGISTRY}/${name}:sha-${substr(GITHUB_SHA, 0, 7)}"] : [],
  )
}

function "cache" {
  params = [name]
  result = CI != "" ? ["type=registry,ref=${REGISTRY}/cache:${name}"] : []
}

target "_base" {
  platforms = CI != "" ? ["linux/amd64", "linux/arm64"] : [BAKE_LOCAL_PLATFORM]
  labels = {
    "org.opencontainers.image.version" = VERSION
    "org.opencontainers.image.revision" = GITHUB_SHA
    "org.opencontainers.image.created" = "${formatdate("YYYY-MM-DD", "2024-05-06T07:08:09Z")}"
  }
  attest = [
    { type = "provenance", mode = "max" },
    { type = "sbom" },
  ]
}

target "service" {
  name = "svc-${svc.name}"
  inherits = ["_base"]
  matrix = {
    svc = [
      { name = "api", dir = "services/api", port = 8080 },
      { name = "web", dir = "services/web", port = 80 },
    ]
  }
  context = svc.dir
  dockerfile = "../../docker/${svc.name}.Dockerfile"
  args = { PORT = svc.port, VERSION = "${VERSION}" }
  tags = tags(svc.name)
  cache-from = cache(svc.name)
  cache-to = [for c in cache(svc.name): "${c},mode=max"]
  secret = [{ id = "npm", env = "NPM_TOKEN" }]
  output = [CI != "" ? "type=registry" : "type=docker"]
}

target "docs" {
  inherits = ["_base"]
  target = "docs"
  output = ["./out"]
  no-cache-filter = ["fetch"]
}

group "default" { targets = ["service", "docs"] }

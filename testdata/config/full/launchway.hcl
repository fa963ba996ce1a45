release {
  targets             = ["default"]
  tags                = [source.commit, source.commit8, "latest"]
  baseline            = "tag:latest"
  create_repositories = true
  output              = "out"
}

cache {
  repository = "${REGISTRY}/cache"
  mode       = "min"
  branch     = sanitize(source.branch)
  fallback   = ["main", ""]
  attributes = { compression = "zstd", "compression-level" = 3 }
}

service "shop" {
  taskdef = "deploy/taskdef.json"
  appspec = "deploy/appspec.yaml"
  images  = { IMAGE_WEB_NAME = "web", IMAGE_RP_NAME = "rp" }
}

service "batch" {
  images = { IMAGE = "rp" }
  output = "out/batch"
}

release {
  tags     = [source.commit8, "dev"]
  baseline = "tag:dev"
}

base_images {
  mirrors = { "docker.io" = "${registry}/docker-hub" }
}

service "webapp" {
  taskdef = "taskdef.json"
  appspec = "appspec.yml"
  images = {
    IMAGE1_NAME = "webapp"
    IMAGE2_NAME = "log-router"
  }
  values = { ACCOUNT_ID = account }
}

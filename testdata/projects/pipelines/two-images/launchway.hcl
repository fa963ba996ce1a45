release {
  tags     = [source.commit, "production"]
  baseline = "tag:production"
}

base_images {
  mirrors = { "docker.io" = "${REGISTRY}/docker-hub" }
}

# CodeDeployToECS reads appspec.yml and taskdef.json, and no imageDetail.json: the digests are in.
service "my-app" {
  taskdef = "taskdef-production-template.json"
  appspec = "appspec.yml"
  images = {
    IMAGE_RP_NAME  = "rp"
    IMAGE_WEB_NAME = "web"
  }
}

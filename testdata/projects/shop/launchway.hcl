# What `launchway release` does with the images of docker-bake.hcl.

release {
  # Every image gets these tags, all together, at the end of the run.
  tags = [source.commit8, "production"]

  # An image that equals the one under this tag counts as unchanged and keeps its digest.
  baseline = "tag:production"
}

cache {
  repository = "${REGISTRY}/shop-cache"
}

# The service behind the load balancer: deployed blue/green by CodeDeploy.
service "shop" {
  taskdef = "taskdef-template.json"
  appspec = "appspec.yml"
  images = {
    IMAGE_WEB_NAME        = "web"
    IMAGE_RP_NAME         = "rp"
    IMAGE_API_NAME        = "api"
    IMAGE_LOG_ROUTER_NAME = "firelens"
  }
}

# The nightly job: a task definition that a schedule runs, with no service and no load balancer.
service "shop-batch" {
  taskdef = "taskdef-batch-template.json"
  images = {
    IMAGE_BATCH_NAME = "batch"
  }
}

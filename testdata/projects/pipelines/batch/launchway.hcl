release {
  tags     = [source.commit7, "latest"]
  baseline = "tag:latest"
}

base_images {
  mirrors = { "docker.io" = "${account}.dkr.ecr.ap-northeast-1.amazonaws.com/docker-hub" }
}

# No load balancer, so no CodeDeploy: the files are for registering a revision.
service "nightly" {
  family     = "shop-dev-nightly-batch-task"
  taskdef    = "taskdef.json"
  containers = { shop-dev-nightly-batch-container = "default" }

  overrides = {
    cpu    = "512"
    memory = "2048"
    containers = {
      shop-dev-nightly-batch-container = {
        environment = { XXX_XXX_TEST_TEST = "1" }
      }
    }
  }
}

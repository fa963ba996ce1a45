environment "staging" {
  log_level = "debug"
}

environment "production" {
  account = "210987654321"
  cpu     = 512
}

release {
  tags     = [source.commit7, environment.name]
  baseline = "tag:${environment.name}"
}

base_images {
  mirrors = { "docker.io" = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/docker-hub" }
}

# Image1ArtifactName = Build, Image1ContainerName = IMAGE1_NAME: CodePipeline puts the image in.
service "deploy-app" {
  taskdef = "taskdef.json"
  appspec = "appspec.yml"
  mode    = "placeholder"
  images  = { IMAGE1_NAME = "default" }

  overrides = {
    cpu              = cpu
    executionRoleArn = "arn:aws:iam::${account}:role/deploy-app-execution"
    containers = {
      container-name = {
        environment = { LOG_LEVEL = log_level }
      }
    }
  }
}

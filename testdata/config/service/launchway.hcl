variable "STAGE" { default = "dev" }

service "shop" {
  taskdef    = "deploy/taskdef.json"
  images     = { IMAGE_WEB_NAME = "web" }
  containers = { rp = "rp" }
  mode       = "placeholder"
  values = {
    ACCOUNT_ID = STAGE == "dev" ? "123456789012" : "210987654321"
    COUNT      = 2
  }
  overrides = {
    cpu           = 512
    executionRole = null
    containers = {
      web = { environment = { LOG_LEVEL = STAGE == "dev" ? "debug" : "info" } }
    }
  }
  appspec = {
    container        = "rp"
    port             = 80
    platform_version = "1.4.0"
    network = {
      subnets          = ["subnet-1", "subnet-2"]
      security_groups  = ["sg-1"]
      assign_public_ip = false
    }
    capacity_providers = {
      FARGATE      = { base = 1, weight = 1 }
      FARGATE_SPOT = { weight = 4 }
    }
    hooks  = { AfterAllowTestTraffic = "smoke-${STAGE}" }
    format = "json"
  }
}

prune {
  regions       = ["ap-northeast-1", "us-east-1"]
  expire        = "90d"
  events        = false
  batch         = false
  parameters    = ["/shop/*"]
  step_functions = true

  account "build" {}
  account "prod" {
    role         = "arn:aws:iam::210987654321:role/prune"
    regions      = ["eu-west-1"]
    repositories = false
  }

  repository "shop/web" {}
  repository "shop/cache" {
    archive     = true
    remove_tags = false
  }
}

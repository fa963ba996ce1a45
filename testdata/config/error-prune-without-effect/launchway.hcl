prune {
  regions     = ["eu-west-1"]
  expire_from = "push"
  branches    = ["main"]

  account "prod" {
    regions      = ["us-east-1"]
    repositories = false
  }
  repository "*" { keep_releases = 3 }
}

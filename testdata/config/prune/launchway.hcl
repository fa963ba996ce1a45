prune {
  regions        = ["ap-northeast-1", "us-east-1"]
  keep_releases  = 10
  expire         = "90d"
  keep_tags      = ["latest", "prod-*"]
  untagged       = "2d"
  cache_expire   = "30d"
  branches       = ["main", "release/1.x"]
  remove_tags    = false
  max_deletions  = 500
  max_share      = "50%"
  max_run_deletions = 2000
  allow          = ["nothing-in-use:tools/*", "matches-nothing:repository *"]
  step_functions = true
  batch          = false
  parameters     = ["/shop/*", "/shop/production/web", "plain", "/*"]
  records        = ["release.json"]
  references     = ["in-use.json", "more/in-use.txt"]

  account "prod" {
    profile      = "prod"
    role         = "arn:aws:iam::123456789012:role/prune"
    external_id  = "shop"
    regions      = ["eu-west-1"]
    repositories = false
  }
  account "here" {}

  repository "shop/web" {
    keep_releases = 20
    expire_from   = "push"
    keep_tags     = []
    branches      = ["main"]
    archive       = true
    remove_tags   = true
  }
  repository "shop/*" {}

  cluster "prod-*" { rollback = 3 }
  cluster "*" {}
  family "batch-*" { keep = 10 }
  function "*" { keep = 0 }

  command "other-account" {
    command   = ["./in-use.sh", "other"]
    timeout   = "1m 30s"
    directory = "scripts"
    env       = { STAGE = "prod" }
  }
  command "third" { command = ["true"] }
}

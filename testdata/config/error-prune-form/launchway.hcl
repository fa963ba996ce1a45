prune {
  keep_release = 10
  repository   = { "shop/*" = {} }
  expires { days = 3 }
  keep_tags {}
  repositry "shop/*" {}
  repository {}
  repository "a" "b" {}
  repository "c" { keep = 3 }
  repository "c" { regions = ["eu-west-1"] }
  cluster "prod" { keep = 3 }
  family "prod" { rollback = 3 }
  function "prod" {
    keep {}
  }
  account "prod" { rol = "x" }
  command "x" { dir = "." }
  replicas "x" {}
}
prune "second" {}

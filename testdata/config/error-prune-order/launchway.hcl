prune {
  repository "shop/*" {}
  repository "shop/web" { keep_releases = 20 }
  repository "*" {}
  repository "tools" {}
  cluster "*" {}
  cluster "prod-*" { rollback = 5 }
}

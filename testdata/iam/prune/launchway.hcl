prune {
  regions       = ["ap-northeast-1"]
  keep_releases = 10

  cluster "prod-*" {}

  repository "shop/web" {}
  repository "shop/[ab]*" { archive = true }
}

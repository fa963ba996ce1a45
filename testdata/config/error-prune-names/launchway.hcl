prune {
  repository "" {}
  repository "shop/[ab" {}
  repository "Shop/web" {}
  repository "shop/web:latest" {}
  repository "123456789012.dkr.ecr.eu-west-1.amazonaws.com/shop/web" {}
  cluster "arn:aws:ecs:eu-west-1:123456789012:cluster/prod" {}
  family "batch:12" {}
  function "a b" {}
  job "nightly:4" {}
  account " " {}
  command "" { command = ["true"] }
}

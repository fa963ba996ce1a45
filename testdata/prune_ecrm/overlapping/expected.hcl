# Made of ecrm.yaml. Comments say where something means more, or less, than it did there.
prune {
  # ecrm counts ages from the push alone; expire_from = "pull" would keep what is still pulled
  # ecrm removes no tag of an image that it keeps; with remove_tags = true expired ones go
  expire_from = "push"
  remove_tags = false

  cluster "*" {}
  # left out: cluster "prod-*", all of which "*" before it covers

  family "prod-*" { keep = 1 }
  # left out: family "prod-web", all of which "prod-*" before it covers
  family "*" { keep = 5 }

  # ecrm.yaml has no lambda_functions, and ecrm looks at none; this looks at every Lambda function,
  # its newest 5 versions

  # untagged is for manifests without a tag, to which ecrm applies expires; without it they go a day
  # after their push and last pull
  repository "dev/*" {
    expire    = "7d"
    untagged  = "7d"
    keep_tags = ["latest"]
  }
  # left out: repository "dev/web", all of which "dev/*" before it covers
  repository "*" {
    expire    = "30d"
    untagged  = "30d"
    keep_tags = ["latest"]
  }
}

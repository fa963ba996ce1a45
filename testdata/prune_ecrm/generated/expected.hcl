# Made of ecrm.yaml. Comments say where something means more, or less, than it did there.
prune {
  # ecrm counts ages from the push alone; expire_from = "pull" would keep what is still pulled
  # ecrm removes no tag of an image that it keeps; with remove_tags = true expired ones go
  expire_from = "push"
  remove_tags = false

  cluster "other" {}
  cluster "prod-*" {}

  family "batch" { keep = 5 }
  family "web-*" { keep = 5 }

  # keep_aliase does nothing: what an alias names is always in use
  function "prod-*" { keep = 5 }

  # untagged is for manifests without a tag, to which ecrm applies expires; without it they go a day
  # after their push and last pull
  # keep_releases counts releases, an index with its platforms as one, among all of them; keep_count
  # counted tagged images of each platform, among the expired ones, so that more may go now
  repository "web" {
    expire        = "30d"
    untagged      = "30d"
    keep_releases = 5
    keep_tags     = ["latest"]
  }
  repository "prod/*" {
    expire        = "30d"
    untagged      = "30d"
    keep_releases = 5
    keep_tags     = ["latest"]
  }
}

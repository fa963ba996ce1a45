# Made of ecrm.yaml. Comments say where something means more, or less, than it did there.
prune {
  # ecrm counts ages from the push alone; expire_from = "pull" would keep what is still pulled
  # ecrm removes no tag of an image that it keeps; with remove_tags = true expired ones go
  expire_from = "push"
  remove_tags = false

  # name is exact for ecrm, which matches nothing with "*"; here it is the pattern that was meant
  cluster "*" {}

  # name is exact for ecrm, which matches nothing with "*"; here it is the pattern that was meant
  family "*" { keep = 3 }

  # ecrm.yaml has no lambda_functions, and ecrm looks at none; this looks at every Lambda function,
  # its newest 5 versions

  # untagged is for manifests without a tag, to which ecrm applies expires; without it they go a day
  # after their push and last pull
  # keep_releases counts releases, an index with its platforms as one, among all of them; keep_count
  # counted tagged images of each platform, among the expired ones, so that more may go now

  # name is exact for ecrm, which matches nothing with "*"; if the pattern was meant, take these
  # lines in
  # repository "*" {
  #   expire        = "30d"
  #   untagged      = "30d"
  #   keep_releases = 2
  #   keep_tags     = ["latest"]
  # }

  repository "web" {
    expire    = "90d"
    untagged  = "90d"
    keep_tags = ["latest"]
  }
}

# Made of ecrm.yaml. Comments say where something means more, or less, than it did there.
prune {
  # ecrm counts ages from the push alone; expire_from = "pull" would keep what is still pulled
  # ecrm removes no tag of an image that it keeps; with remove_tags = true expired ones go
  expire_from = "push"
  remove_tags = false

  cluster "my-cluster" {}
  cluster "prod*" {}
  cluster "dev*" {}

  # name is exact for ecrm, which matches nothing with "*"; here it is the pattern that was meant
  family "*" { keep = 3 }

  # name is exact for ecrm, which matches nothing with "*"; here it is the pattern that was meant
  function "*" { keep = 3 }

  command "command" {
    command = ["path/to/command", "arg1", "arg2"]
    timeout = "30s"
    env     = { "AWS_REGION" = "us-west-2" }
  }

  # untagged is for manifests without a tag, to which ecrm applies expires; without it they go a day
  # after their push and last pull
  repository "prod/*" {
    expire    = "90d"
    untagged  = "90d"
    keep_tags = ["latest"]
  }
  repository "dev/*" {
    expire    = "30d"
    untagged  = "30d"
    keep_tags = ["latest"]
  }
}

# Made of ecrm.yaml. Comments say where something means more, or less, than it did there.
prune {
  # ecrm counts ages from the push alone; expire_from = "pull" would keep what is still pulled
  # ecrm removes no tag of an image that it keeps; with remove_tags = true expired ones go
  expire_from = "push"
  remove_tags = false

  cluster "prod" {}
  cluster "dev-?" {}

  # ecrm.yaml has no task_definitions, and ecrm looks at none; this looks at every task definition
  # family, its newest 5 revisions

  # ecrm.yaml has no lambda_functions, and ecrm looks at none; this looks at every Lambda function,
  # its newest 5 versions

  # untagged is for manifests without a tag, to which ecrm applies expires; without it they go a day
  # after their push and last pull
  repository "web" {
    # expires is 2h here: ages are whole hours, at least one
    expire    = "2h"
    untagged  = "2h"
    keep_tags = ["latest", "v*", "1.10"]
  }
  repository "d?v/*" {
    expire    = "9d"
    untagged  = "9d"
    keep_tags = ["latest", "v*", "1.10"]
  }
}

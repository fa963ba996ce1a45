# Which images of ECR may go, and where it is looked for what uses them. Written by launchway prune
# init: change it, look at what launchway prune would do, and let it with launchway prune --apply.
prune {
  # Repositories, and what uses them, are looked for in all of these.
  regions = ["ap-northeast-1", "us-east-1"]

  # A release (an index with its platforms, attestations, signatures and SOCI indexes) goes when it
  # is none of the newest of its repository, was neither pushed nor released nor pulled for so long,
  # and nothing uses it.
  keep_releases = 10
  expire        = "90d"

  # Tags whose images are kept for ever.
  keep_tags = ["latest", "prod", "staging"]

  # Build caches: 12 found. They are kept for so long after their last push or pull, and those of
  # the branches that live, and of none, for ever.
  cache_expire = "30d"
  # branches   = ["main"]

  # A run that would delete a larger share of a repository deletes nothing there. The first one may
  # have more to delete than that: look at its plan, then raise it once.
  max_share = "50%"

  # Repositories that no block covers are left alone; of several the first counts, and has any of
  # the attributes above for itself.
  # shop/api, shop/cache, shop/web; 48 manifests
  repository "shop/*" {}
  repository "tools" {}

  # Nothing that was found uses any image of shop/api, tools. Nothing is deleted there, unless the
  # case is allowed by name:
  # allow = ["nothing-in-use:shop/api", "nothing-in-use:tools"]

  # In use is what services, tasks, task definitions, functions, rules, schedules and job
  # definitions name: of 2 clusters (dev, prod), 1 task definition family and 3 functions so far.
  # Without a block that is all of them, new ones too; a block looks at those alone that it names,
  # and can keep more:
  # cluster "*" { rollback = 3 }
  # family "*" { keep = 10 }
  # function "*" { keep = 10 }

  # What is used elsewhere can be told by files and commands, and by other accounts, beside that of
  # the process:
  # references = ["in-use.json"]
  # account "here" {}
  # account "other" {
  #   role         = "arn:aws:iam::123456789012:role/prune"
  #   repositories = false
  # }
}

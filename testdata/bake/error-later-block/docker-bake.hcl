target "default" {}
prune { enabled = true }

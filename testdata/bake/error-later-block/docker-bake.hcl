target "default" {}
deploy { enabled = true }

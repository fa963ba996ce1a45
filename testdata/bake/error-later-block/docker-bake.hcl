target "default" {}
soci { enabled = true }

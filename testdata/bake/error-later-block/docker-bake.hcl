target "default" {}
scan { enabled = true }

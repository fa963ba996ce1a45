target "default" {
  tags = ["app:${source.branch}", "app:${source.comit}"]
}

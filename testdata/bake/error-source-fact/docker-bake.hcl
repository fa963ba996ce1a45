target "default" {
  tags = ["app:${source.comit}"]
}

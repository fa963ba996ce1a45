target "default" {
  tags = ["app:${source.commit8}"]
}

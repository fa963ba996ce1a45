prune {
  allow = ["everything"]
  repository "*" {}
}

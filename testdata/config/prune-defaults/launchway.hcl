prune {
  repository "*" {}
}

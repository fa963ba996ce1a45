prune {
  allow = ["nothing-in-use", "list-failed"]
  repository "*" {}
}

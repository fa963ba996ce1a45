prune {
  repository "*" {}

  job "nightly-*" { keep = 20 }
  job "*" {}
}

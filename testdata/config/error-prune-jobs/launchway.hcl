prune {
  batch = false
  repository "*" {}

  job "nightly" { keep = 3 }
  job "nightly:4" {}
  job "weekly" { keep = -1 }
}

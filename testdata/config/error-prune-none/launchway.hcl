prune {
  keep_releases = 10
}

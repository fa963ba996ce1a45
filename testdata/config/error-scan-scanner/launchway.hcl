scan {
  scanner = "clair"
}

cache {
  repository = "r"
  attributes = { ref = "x" }
}

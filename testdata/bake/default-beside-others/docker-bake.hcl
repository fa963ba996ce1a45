target "x" {}
target "default" {
  tags = ["d"]
  matrix = { only = [""] }
}

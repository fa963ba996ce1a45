target "default" {
  tags = ["a"]
  context = "."
  tags = ["b"]
}

target "default" {
  labels = { x = "<a & b>" }
  tags = ["a:${"\u2028"}"]
}

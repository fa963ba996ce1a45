target "app" {
  tags = ["a"
  context = "."
}

target "app" {
  context = "abc
}

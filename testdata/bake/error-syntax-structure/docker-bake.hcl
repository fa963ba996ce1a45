target "default" {
  tags : ["x"]
}

target "default" {
  tags = ["x"]

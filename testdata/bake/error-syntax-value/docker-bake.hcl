target "default" {
  tags = [,]
}

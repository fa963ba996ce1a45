release {
  targets = ["w*"]
  tags    = ["v1"]
}

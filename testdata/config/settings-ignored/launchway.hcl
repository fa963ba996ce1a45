release {
  targets = ["w*"]
  tags    = [source.commit]
}

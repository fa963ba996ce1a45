target "default" {
  args = { A = target.default.tags[5], B = target.defualt.tags }
  tags = ["x"]
}

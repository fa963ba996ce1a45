target "default" {
  tags = [uper("x")]
  args = { U = uuidv4() }
}

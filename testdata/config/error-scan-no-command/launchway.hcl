scan {
  scanner = "command"
}

scan {
  scanner = "command"
  command = ["grype", "{referense}"]
}

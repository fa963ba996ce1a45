scan {
  scanner = "command"
  command = ["grype", "--platform", "{platform}"]
}

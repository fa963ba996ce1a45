scan {
  timeout = "10"
}

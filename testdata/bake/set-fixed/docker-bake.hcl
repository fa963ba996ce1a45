target "default" {
  no-cache-filter = ["a"]
  ulimits = ["nofile=1:2"]
}

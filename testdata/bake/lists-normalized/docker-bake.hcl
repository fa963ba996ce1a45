target "default" {
  tags = ["a", "b", "a", ""]
  platforms = ["linux/amd64", "linux/amd64"]
  ulimits = ["nofile=1:2", "nofile=1:2"]
  annotations = ["a=1", "a=1"]
  cache-from = ["a", "b", "c", "a", "b"]
}

target "a" {
  args = { A = "1" }
  tags = ["a:1"]
  platforms = ["linux/amd64"]
  cache-from = ["x"]
  output = ["type=image"]
}
target "b" {
  inherits = ["a"]
}
target "c" {}
group "default" { targets = ["a", "b", "c"] }

variable "V" { default = "base" }
group "default" { targets = ["app"] }
target "app" {
  args = { V = V, KEEP = "1" }
  tags = ["app:1"]
  cache-from = ["a"]
}

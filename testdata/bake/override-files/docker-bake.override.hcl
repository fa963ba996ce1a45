variable "V" { default = "override" }
group "default" { targets = ["app", "extra"] }
target "app" {
  args = { NEW = "2" }
  tags = ["app:2"]
  cache-from = ["b"]
}
target "extra" {}

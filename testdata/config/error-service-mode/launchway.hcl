service "a" {
  images = { IMAGE = "web" }
  mode   = "placeholders"
}
service "b" {
  containers = { rp = "rpp" }
}
service "c" {
  images    = { IMAGE = "web" }
  overrides = ["cpu"]
}

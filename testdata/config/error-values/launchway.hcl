release {
  baseline = "latest"
}
cache {
  repository = "r"
  mode = "most"
}
service "s" {
  images = { A = "wbe" }
}

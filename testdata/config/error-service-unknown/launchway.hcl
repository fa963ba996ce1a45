service "d" {
  images = { IMAGE = "web" }
  value  = {}
}

release {
  tag = ["x"]
  owner = "x"
}
cache {
  repo = "x"
  repository = "x"
}
service "s" {
  image { A = "web" }
  images { A = "web" }
}

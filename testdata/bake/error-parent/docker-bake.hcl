target "default" {
  inherits = ["_comon"]
}
target "_common" {}

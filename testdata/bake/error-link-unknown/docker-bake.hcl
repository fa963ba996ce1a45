target "default" { contexts = { x = "target:bse" } }
target "base" {}

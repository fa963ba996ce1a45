target "app" {
  name = "app-${v}"
  matrix = { v = ["a", "b"] }
  inherits = ["_${v}"]
  contexts = v == "b" ? { a = "target:app-a" } : {}
}
target "_a" { args = { FROM = "a" } }
target "_b" { args = { FROM = "b" } }
group "all" { targets = ["app"] }

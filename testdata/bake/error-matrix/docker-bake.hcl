target "a" { matrix = ["x"] }
target "b" { matrix = { x = 1 } }
target "c" { name = "x" }
target "d" { matrix = { x = ["1", "2"] } }
target "e" {
  matrix = { x = ["1.0"] }
  name = "e-${x}"
}
group "g" {
  matrix = { x = ["1"] }
  targets = []
}

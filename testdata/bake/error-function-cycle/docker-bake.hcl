function "f" {
  params = [x]
  result = g(x)
}
function "g" {
  params = [x]
  result = f(x)
}
target "default" { args = { A = f(1) } }

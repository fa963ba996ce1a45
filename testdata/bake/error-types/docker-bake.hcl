target "default" {
  tags = "x"
  platforms = ["linux/amd64", null]
}
target "b" {
  args = { A = ["list"] }
}
target "c" {
  pull = "maybe"
}
target "d" {
  output = null
}
target "e" {
  cache-to = ["mode=max"]
}
target "f" {
  secret = [{ idd = "x" }, "id=x,path=y"]
}

variable "REG" { default = "reg" }
function "tag" {
  params = [name, version]
  result = ["${REG}/${name}:${version}", "${REG}/${name}:latest"]
}
function "add3" {
  params = [a]
  variadic_params = rest
  result = length(rest) == 0 ? a : a + rest[0]
}
function "const" {
  params = []
  result = shout("c")
}
function "shout" {
  params = [x]
  result = upper(x)
}
target "default" {
  tags = concat(tag("app", "1"), tag("app", "2"))
  args = {
    one = add3(1)
    two = add3(1, 2, 3)
    const = const()
  }
}

variable "FOO" {
  type = list(number)
}
target "default" {
  args = {
    A = "1"
    FOO = FOO
  }
}

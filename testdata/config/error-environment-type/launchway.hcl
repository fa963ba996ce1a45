variable "cpu" {
  type    = number
  default = 256
}
variable "names" {
  type = list(string)
}
variable "plain" { default = 1 }
variable "map" { default = { a = 1 } }
environment "dev" {
  cpu   = "many"
  names = "web"
  plain = "x"
  map   = ["a"]
}

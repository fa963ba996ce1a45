variable "N" {
  type = number
  default = "x"
}
variable "M" { type = "string" }
variable "L" { type = lst(string) }
target "default" {}

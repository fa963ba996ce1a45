variable "TAGS" {
  default = ["a"]
}
variable "N" { default = 1 }
target "default" {}

variable "V" { default = null }
target "default" {
  tags = ["app:${V}"]
}

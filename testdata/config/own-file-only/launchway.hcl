variable "V" { default = "1" }
target "default" { tags = ["app:${V}"] }
release {
  baseline = "none"
}

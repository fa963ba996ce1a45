variable "N" { default = target.a.tags }
target "a" {}

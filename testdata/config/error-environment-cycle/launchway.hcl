variable "a" { default = "a" }
variable "b" { default = a }
environment "production" { a = "${b}-x" }

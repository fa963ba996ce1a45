variable "V" { default = "file" }
target "default" { args = { V = V } }

variable "level" { default = "debug" }
target "default" {
  tags = ["registry.example.com/web:${level}"]
}
environment "dev" {}

variable "replicas" { default = 1 }
fixed = "x"
environment "dev" {}
environment "production" {
  replica = 2
  memory  = 512
  fixed   = "y"
  tags {
    a = "b"
  }
}
environment "pro duction" {}
environment {}

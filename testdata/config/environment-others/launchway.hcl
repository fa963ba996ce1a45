variable "cpu" {
  type    = number
  default = 256
  validation {
    condition     = cpu >= 256
    error_message = "Fargate has no less than 256"
  }
}
variable "tag" {
  default = "dev"
  validation {
    condition     = environment.name != "production" || source.branch == "main"
    error_message = "production is released from main"
  }
}
variable "account" { default = "1" }

environment "dev" {}

# Each of these would be an error if it were chosen; none stops dev.
environment "words" { cpu = "many" }
environment "small" { cpu = 128 }
environment "lost" {
  account = acount
}

# These depend on what is built, and may be right when they are chosen.
environment "tagged" { tag = source.tag }
environment "production" { tag = "live" }

variable "cpu" {
  type    = number
  default = 256
  validation {
    condition     = contains([256, 512, 1024], cpu)
    error_message = "cpu is 256, 512 or 1024, not ${cpu}"
  }
}
environment "production" { cpu = 500 }

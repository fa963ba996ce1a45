variable "P" {
  type = number
  default = 80
  validation {
    condition = P > 100
    error_message = "P too low: ${P}"
  }
}
variable "Q" {
  default = "x"
  validation {
    condition = Q == "y"
    error_message = "bad Q"
  }
}
target "default" {}

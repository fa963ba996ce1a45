variable "P" {
  type = number
  default = 80
  validation {
    condition = P > 10
    error_message = "P too low: ${P}"
  }
}
target "default" { args = { p = P } }

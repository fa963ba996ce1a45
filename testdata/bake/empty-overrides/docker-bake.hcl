variable "S" { default = "s" }
variable "L" {
  type = list(string)
  default = ["x"]
}
variable "T" {
  type = string
  default = "t"
}
target "default" { args = { S = S, L = jsonencode(L), T = T, E = S == "" ? "empty" : "full" } }

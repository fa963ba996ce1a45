variable "TAGS" {
  type    = list(string)
  default = ["a", "b"]
}
variable "NUMBERS" {
  type    = list(number)
  default = [1]
}
variable "SETV" {
  type = set(string)
  default = []
}
variable "MAPV" {
  type = map(number)
  default = {}
}
variable "OBJ" {
  type = object({ name = string, size = optional(number) })
  default = { name = "n" }
}
variable "TUP" {
  type = tuple([string, number])
  default = ["x", 1]
}
variable "STR" {
  type = string
}
variable "NUM" {
  type = number
  default = "5"
}
variable "ANY" {
  type = any
  default = { a = 1 }
}
variable "BOTH" {
  type = list(string)
  default = []
}
variable "FLAG" {
  type = bool
  default = false
  description = "A flag"
}
target "default" {
  args = {
    tags = jsonencode(TAGS)
    numbers = jsonencode(NUMBERS)
    set = jsonencode(SETV)
    map = jsonencode(MAPV)
    obj = jsonencode(OBJ)
    tup = jsonencode(TUP)
    str = STR == null ? "null" : STR
    num = NUM + 1
    any = jsonencode(ANY)
    both = jsonencode(BOTH)
    flag = FLAG
  }
}

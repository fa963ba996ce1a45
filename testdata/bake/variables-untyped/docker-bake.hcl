variable "A" { default = "a" }
variable "B" { default = "${A}-b" }
variable "N" { default = 1 }
variable "F" { default = false }
variable "EMPTY" {}
variable "NULLED" { default = null }
variable "UNSET" {}
variable "J" {}
variable "LIST" { default = ["x"] }
LOCAL = "local-${A}"
A2 = "1"
target "default" {
  args = {
    a = A
    b = B
    n = N + 1
    f = F ? "yes" : "no"
    empty = EMPTY
    nulled = NULLED == null ? "null" : NULLED
    unset = UNSET == "" ? "unset" : UNSET
    j = J
    list = LIST[0]
    local = LOCAL
    a2 = A2
    platform = BAKE_LOCAL_PLATFORM
    ctx = BAKE_CMD_CONTEXT
  }
}

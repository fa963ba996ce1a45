variable "X" { default = "" }
variable "N" { default = 2 }
target "default" {
  tags = [X != "" ? "a:${X}" : "", "b:1", X == "" ? "" : "c:2"]
  cache-from = [X != "" ? "type=gha" : "", "type=registry,ref=r"]
  args = {
    a = "true" ? "yes" : "no"
    b = !"true"
    c = 1 == "1"
    d = N > 1 && N < 3
    e = N > 1 || undefined_1
    f = false && undefined_2
    g = true ? "a" : 3
    h = false ? "a" : 3
    i = jsonencode(true ? ["a"] : [])
    j = true ? null : "x"
    k = X == "" ? "empty" : "set"
    l = jsonencode(false ? { a = 1 } : { b = "x" })
    m = [1, 2] == [1, 2]
    n = { a = 1 } == { a = 1 }
    o = null == null
    p = "a" == null
    q = 1 != 2
    r = 2 <= 2
    s = true == "true"
    t = jsonencode(true ? [1, "a"] : ["b", 2])
    u = true ? 1 : undefined_3
  }
}

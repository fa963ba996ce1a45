variable "S" { default = [{ a = { b = [1, 2] } }, { a = { b = [3] } }] }
target "default" {
  args = {
    a = jsonencode(S[*].a.b)
    b = jsonencode(S[*].a.b[0])
    c = jsonencode(S.*.a.b)
    d = jsonencode(S.*.a.b[0])
    e = jsonencode(flatten(S[*].a.b))
    f = jsonencode({ x = 1 }[*].x)
    g = jsonencode(S[0].a.b[*])
    h = jsonencode([[1], [2]][*][0])
    i = S.0.a.b.1
    j = length([][*].x)
  }
}

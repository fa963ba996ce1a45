target "default" {
  args = {
    list = jsonencode([for x in ["a", "b"]: upper(x)])
    index = jsonencode([for i, x in ["a", "b"]: "${i}${x}"])
    object = jsonencode([for k, v in { zed = 1, alpha = 2 }: "${k}=${v}"])
    filter = jsonencode([for x in [1, 2, 3]: x if x > 1])
    map = jsonencode({ for x in ["a", "b"]: x => upper(x) })
    group = jsonencode({ for x in ["aa", "ab", "b"]: substr(x, 0, 1) => x... })
    splat = jsonencode([{ n = 1 }, { n = 2 }][*].n)
    attrsplat = jsonencode([{ n = [1] }, { n = [2] }].*.n)
    scalar = jsonencode("x"[*])
    null = jsonencode(null[*])
    nested = jsonencode([{ a = [{ b = 1 }, { b = 2 }] }][*].a[*].b)
    legacy = ["a", "b"].1
    strindex = ["a", "b"]["1"]
    objindex = { a = "x" }["a"]
    expand = max([1, 5, 3]...)
    toset = jsonencode(convert(["b", "a", "b"], set(string)))
    forset = jsonencode([for x in convert(["2", "1", "10"], set(number)): x])
  }
}

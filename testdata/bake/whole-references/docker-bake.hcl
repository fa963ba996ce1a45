target "a" {
  tags = ["a:1"]
  args = { X = "1" }
}
group "g" { targets = ["a"] }
target "default" {
  args = {
    keys = join(",", keys(target.a.args))
    lookup = lookup(target.a.args, "Y", "none")
    merged = jsonencode(merge(target.a.args, { Z = "2" }))
    all = join(",", [for t in target.a.tags: upper(t)])
    idx = target.a["tags"][0]
    pull = target.a.pull == null ? "null" : "set"
    len = length(target.a.tags)
    eq = target.a.tags == ["a:1"]
  }
}

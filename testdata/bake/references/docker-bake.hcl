target "base" {
  tags = ["base:1"]
  args = { V = "1", N = null }
  platforms = ["linux/amd64"]
  cache-from = ["type=gha,scope=x"]
  secret = ["id=tok,env=TOK"]
}
LOCAL = target.base.args.V
group "g" {
  targets = ["base"]
}
target "default" {
  inherits = ["base"]
  args = {
    copied = target.base.args.V
    tag = target.base.tags[0]
    local = LOCAL
    gtargets = join(",", group.g.targets)
    name = target.base.name
    ctx = target.base.context == null ? "null" : "set"
    cache = target.base.cache-from[0].type
    own = target.default.tags[0]
    secret = target.base.secret[0].env
    splat = jsonencode(target.base.tags[*])
    out = jsonencode(target.base.output)
    dashed = target.with-dash.target
  }
  tags = ["d:${target.base.args.V}"]
}
target "with-dash" {
  target = "stage"
}

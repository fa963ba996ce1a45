target "app" {
  name = "app-${replace(item.version, ".", "-")}-${item.tgt}"
  matrix = {
    item = [{ tgt = "a", version = "1.0" }, { tgt = "b", version = "2.0" }]
  }
  args = { VERSION = item.version }
  target = item.tgt
}
target "single" {
  name = "single"
  matrix = { x = ["only"] }
  args = { X = x }
}
target "uses" {
  args = { V = target.app-1-0-a.args.VERSION }
}
group "default" {
  targets = ["app", "single", "uses"]
}

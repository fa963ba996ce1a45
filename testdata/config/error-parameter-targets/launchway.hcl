parameter "a" { target = "wbe" }
parameter "b" { target = "default" }
parameter "c" {
  target  = "web"
  targets = ["rp"]
}
parameter "d" {
  targets = ["default"]
  value   = "digest"
}
parameter "e" { targets = [] }
parameter "f" { key = "alias/shop" }

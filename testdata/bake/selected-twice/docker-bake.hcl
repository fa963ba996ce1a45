target "a" {}
target "b" {}
group "g" { targets = ["b", "a"] }

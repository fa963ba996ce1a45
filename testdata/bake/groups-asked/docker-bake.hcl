group "default" { targets = ["g1", "x"] }
group "g1" {
  description = "first"
  targets = ["a", "g2", "a"]
}
group "g2" { targets = ["b", "same"] }
group "same" { targets = ["same"] }
group "other" { targets = ["b"] }
target "a" {}
target "b" {}
target "x" {}
target "same" { args = { S = "1" } }

target "a" { platforms = ["linux/amd64", "linux/arm64"] }
target "b" {}
group "default" { targets = ["a", "b"] }

target "default" { 
  contexts = { x = "target:base" } 
  platforms = ["linux/amd64", "linux/arm64"]
}
target "base" { platforms = ["linux/amd64", "linux/s390x"] }

target "base" {
  tags = ["base"]
  output = ["type=image"]
  platforms = ["linux/amd64", "linux/arm64"]
  entitlements = ["network.host"]
}
target "mid" {
  contexts = { base = "target:base" }
}
target "app" {
  contexts = { mid = "target:mid", alpine = "docker-image://alpine" }
  platforms = ["linux/amd64"]
}

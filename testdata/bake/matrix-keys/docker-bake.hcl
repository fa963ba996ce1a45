target "app" {
  name = "app-${version}-${stage}"
  matrix = {
    version = ["1", "2"]
    stage = ["x", "y"]
  }
}

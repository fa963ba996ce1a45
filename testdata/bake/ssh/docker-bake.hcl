target "default" {
  ssh = ["default", "k=/x,/y", { id = "obj", paths = ["/p"] }, "default"]
}

target "default" {
  contexts = {
    local = "./x"
    img = "docker-image://alpine@sha256:abc"
    git = "https://example.com/r.git#main:sub"
    gone = ""
  }
  context = "https://example.com/r.git#main:sub"
}
target "cwd" { context = "cwd://sub/./dir" }
target "bake" { context = "${BAKE_CMD_CONTEXT}" }
target "empty" { 
  context = "" 
  dockerfile = ""
}
target "abs" { context = "/a/../b/" }

prune {
  ecs        = false
  lambda     = false
  events     = "no"
  parameters = ["/shop/*", "shop/web", "/shop//x", "*"]
  repository "*" {}
  cluster "prod" {}
  family "batch" { keep = -1 }
  function "x" { keep = 1001 }
  command "a" {}
  command "b" { command = [] }
  command "c" { command = [""] }
  command "d" {
    command = ["true"]
    timeout = "5"
  }
  command "e" {
    command = ["true"]
    env     = { "A=B" = "c" }
  }
  command "f" {
    command   = ["true"]
    directory = ""
  }
}

target "root" { args = { R = "1" } }
target "l" { 
  inherits = ["root"]
  args = { L = "1" } 
}
target "r" { 
  inherits = ["root"]
  args = { R = "2" } 
}
target "default" { inherits = ["r", "l"] }

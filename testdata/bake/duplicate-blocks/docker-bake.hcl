target "default" { args = { A = "1" } }
target "default" { 
  args = { B = "2" } 
  tags = ["t"]
}
group "g" { targets = ["x"] }
group "g" { targets = ["default"] }

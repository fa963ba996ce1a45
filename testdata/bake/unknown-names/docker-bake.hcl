variable "V" {
  defualt = "x"
  default = "y"
}
target "default" {
  tag = ["x"]
  dockrefile = undefined_thing
  soci = { enabled = true }
  args { A = 1 }
  args = { V = V }
}
group "g" {
  targets = []
  desc = "x"
}
registyr "x" { a = nothing_here }
deployment "prod" { x = 1 }

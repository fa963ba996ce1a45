service "a" {
  appspec = { container = "web", prt = 80 }
}
service "b" {
  appspec = { container = "web", port = "http" }
}
service "c" {
  appspec = { container = "web", port = 80, network = { subnets = ["a"], security_groups = ["b"] } }
}
service "d" {
  appspec = { container = "web", port = 80, network = { subnets = "a", security_groups = ["b"], assign_public_ip = true } }
}
service "e" {
  appspec = { container = "web", port = 80, capacity_providers = { FARGATE = 1 } }
}
service "f" {
  appspec = { container = "web", port = 80, capacity_providers = { FARGATE = { wait = 1 } } }
}
service "g" {
  appspec = { container = "", port = 80 }
}
service "h" {
  appspec = { port = 80, container = "web", format = "yml" }
}
service "i" {
  appspec = 5
}
service "j" {
  appspec = { port = 80 }
}

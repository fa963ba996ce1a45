release {
  create_repositories = "yes"
}
service "s" {
  taskdef = ["x"]
}

release {
  tags = [environment.name]
}
cache { repository = environment }
service "a" {
  output = environment.nme
  images = {}
}

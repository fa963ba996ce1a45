environment "dev" { level = 3 }
release {
  tags = [environment.name]
}

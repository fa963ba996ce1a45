environment = "mine"
target "default" {
  tags = ["registry.example.com/web:${environment}"]
}
release {
  tags = [environment]
}

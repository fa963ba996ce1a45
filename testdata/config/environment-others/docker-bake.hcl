target "default" {
  tags = ["registry.example.com/web"]
}

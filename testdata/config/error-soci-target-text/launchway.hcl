soci {
  targets = "web"
}

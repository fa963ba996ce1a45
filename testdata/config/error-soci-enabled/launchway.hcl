soci {
  enabled = "on"
}

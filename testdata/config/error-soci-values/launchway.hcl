soci {
  version = "v3"
}

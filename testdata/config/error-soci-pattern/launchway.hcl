soci {
  targets = ["api-*"]
}

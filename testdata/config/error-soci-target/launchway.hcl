soci {
  targets = ["web", "pr"]
}

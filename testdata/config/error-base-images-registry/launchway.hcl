base_images {
  mirrors = { "hub" = "mirror.internal/hub" }
}

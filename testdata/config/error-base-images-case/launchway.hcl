base_images {
  mirrors = { "docker.io" = "mirror.internal/Hub" }
}

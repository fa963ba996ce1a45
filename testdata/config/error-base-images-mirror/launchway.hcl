base_images {
  mirrors = { "docker.io" = "docker-hub" }
}

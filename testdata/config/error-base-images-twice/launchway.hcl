base_images {
  mirrors = {
    "docker.io"            = "mirror.internal/a"
    "registry-1.docker.io" = "mirror.internal/b"
  }
}

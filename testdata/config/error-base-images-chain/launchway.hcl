base_images {
  mirrors = {
    "docker.io" = "quay.io/docker-hub"
    "quay.io"   = "mirror.internal/quay"
  }
}

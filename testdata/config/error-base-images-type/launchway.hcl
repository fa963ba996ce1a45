base_images {
  mirrors = ["mirror.internal"]
}

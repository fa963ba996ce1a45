soci {
  span_size = "32KiB"
}

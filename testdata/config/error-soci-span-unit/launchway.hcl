soci {
  span_size = "4MB"
}

soci {
  span_size = "2GiB"
}

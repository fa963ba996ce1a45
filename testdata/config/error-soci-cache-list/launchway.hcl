soci {
  cache_size = ["1GiB"]
}

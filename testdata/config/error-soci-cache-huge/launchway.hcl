soci {
  cache_size = "99999999999GiB"
}

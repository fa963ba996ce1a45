release {
  tags = [source.commit]
}
soci {
  span_size  = 65536
  cache_size = 0
}

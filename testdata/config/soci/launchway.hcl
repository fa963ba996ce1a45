soci {
  enabled        = source.branch == "main"
  version        = "v1"
  span_size      = "8MiB"
  min_layer_size = 0
  targets        = ["jobs", "web*"]
  cache_size     = "512 MiB"
}

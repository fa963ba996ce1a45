soci {
  min_layer_size = -1
}

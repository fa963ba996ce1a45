release {
  tags = [source.commit8]
}

target "default" {
  tags = ["a"]
  args = {
    D = <<EOT
line
EOT
  }
}

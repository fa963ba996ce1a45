soci "main" {}
soci {
  enable    = true
  span-size = "4MiB"
  platforms = ["linux/amd64"]
}

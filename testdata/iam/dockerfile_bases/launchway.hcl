release { tags = ["production"] }
base_images {
  mirrors = { "210987654321.dkr.ecr.eu-west-1.amazonaws.com" = "${REGISTRY}/mirror" }
}

release {
  tags                = [source.commit8, "production"]
  create_repositories = true
}
cache { repository = "${REGISTRY}/shop/cache" }
base_images {
  mirrors = { "docker.io" = "${REGISTRY}/docker-hub" }
}
parameter "/shop/production/web" { target = "web" }
parameter "secret" {
  name   = "/shop/production/all"
  type   = "SecureString"
  key    = "alias/shop"
  region = "us-east-1"
}

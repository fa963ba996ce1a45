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
scan { severity = "CRITICAL" }
notify "ops" {
  type    = "slack"
  webhook = "ssm:/ops/slack"
}
notify "events" {
  type  = "sns"
  topic = "arn:aws:sns:ap-northeast-1:123456789012:releases"
}

service "shop" {
  images  = { IMAGE_WEB = "web" }
  cluster = "arn:aws:ecs:eu-west-1:210987654321:cluster/prod"
  service = "shop"
}
service "worker" {
  images  = { IMAGE_API = "api" }
  service = "worker"
}
service "nightly" {
  images = { IMAGE_API = "api" }
  family = "nightly"
}

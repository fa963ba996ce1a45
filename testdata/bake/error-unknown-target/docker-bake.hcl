target "web" {}
target "api" {}

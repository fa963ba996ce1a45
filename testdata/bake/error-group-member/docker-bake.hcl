group "default" { targets = ["web", "apii"] }
target "web" {}
target "api" {}

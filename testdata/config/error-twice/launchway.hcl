release {}
release {}
service "a" {}
service "a" {}
cache "x" { repository = "r" }
service {}

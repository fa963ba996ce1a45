target "app" { args = { T = "1" } }
group "app" { targets = ["app", "web"] }
target "web" {}

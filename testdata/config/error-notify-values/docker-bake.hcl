target "web" { tags = ["r/web:latest"] }
target "api" { tags = ["r/api:latest"] }
group "default" { targets = ["web", "api"] }

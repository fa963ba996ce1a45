group "default" { targets = ["web", "jobs"] }
group "jobs" { targets = ["batch", "mail"] }
target "web" { tags = ["r.test/web"] }
target "batch" { tags = ["r.test/batch"] }
target "mail" { tags = ["r.test/mail"] }
target "web-debug" { tags = ["r.test/web-debug"] }
target "tools" { tags = ["r.test/tools"] }

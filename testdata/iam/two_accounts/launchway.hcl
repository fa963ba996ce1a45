parameter "web-tag" { value = "tag" }

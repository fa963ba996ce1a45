target "default" { tags = ["x"], context = "." }

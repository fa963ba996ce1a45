release { tags = ["a"] }

release { tags = ["production"] }

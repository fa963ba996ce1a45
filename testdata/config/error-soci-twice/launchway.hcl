soci {}
soci { enabled = false }

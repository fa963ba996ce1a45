soci {}

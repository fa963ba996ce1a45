variable "a" { default = "a" }
environment "production" { a = target.default.tags[0] }

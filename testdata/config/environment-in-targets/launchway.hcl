variable "level" { default = "debug" }
environment "production" { level = "warn" }

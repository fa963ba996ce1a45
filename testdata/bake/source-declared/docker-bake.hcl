variable "source" { default = { commit = "mine" } }
target "default" { tags = ["app:${source.commit}"] }

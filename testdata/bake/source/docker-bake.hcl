target "default" {
  tags = ["app:${source.commit7}", "app:${source.commit8}", "app:${try(source.tag, "none")}"]
  labels = { rev = source.commit, branch = source.branch, time = source.time, date = formatdate("YYYYMMDD", source.time) }
}

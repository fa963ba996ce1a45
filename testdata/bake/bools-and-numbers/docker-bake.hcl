target "default" {
  pull = "true"
  no-cache = 1 > 2
  shm-size = 64
  args = { A = true, B = 1.50, C = 010 }
  labels = { "a.b" = 1, c = false }
  tags = [1, true, "x"]
  network = "none"
  extra-hosts = { a = "1.1.1.1", "b.c" = "::1" }
  ulimits = ["nofile=1024:1024"]
}

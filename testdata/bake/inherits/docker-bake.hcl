target "a" {
  description = "from a"
  args = { A = "a", SHARED = "a", UNSET = "x" }
  labels = { l = "a" }
  tags = ["a:1", "a:2"]
  platforms = ["linux/amd64"]
  cache-from = ["type=registry,ref=a"]
  cache-to = ["type=inline"]
  output = ["type=docker"]
  annotations = ["x=a"]
  contexts = { one = "./one", two = "./two" }
  attest = ["type=sbom", "type=provenance,mode=max"]
  secret = ["id=s,src=docker-bake.hcl", "id=t,env=T"]
  no-cache-filter = ["s1"]
  ulimits = ["nofile=1:2"]
  entitlements = ["security.insecure"]
  extra-hosts = { h = "1.1.1.1" }
  network = "none"
  shm-size = "64m"
  call = "check"
  pull = true
  no-cache = false
}
target "b" {
  inherits = ["a"]
  args = { B = "b", SHARED = "b", UNSET = null }
  tags = []
  cache-from = ["type=registry,ref=b", "type=registry,ref=a"]
  annotations = ["x=b", "x=a"]
  contexts = { one = "", three = "./three" }
  attest = ["type=sbom,disabled=true"]
  secret = ["id=s,env=B"]
  no-cache-filter = ["s2", "s1"]
  platforms = null
  output = []
  network = "host"
  description = ""
}
target "c" {
  dockerfile = "Dockerfile.c"
  tags = ["c:1"]
  args = { C = "c", SHARED = "c" }
}
target "default" {
  inherits = ["b", "c"]
  context = "./sub/../x/"
}

target "default" {
  cache-from = ["user/app:cache", "a:1,b:2", "type=gha", { type = "registry", ref = "obj", n = 5 }, "TYPE=local,SRC=p"]
  cache-to = ["type=registry,ref=r,mode=max", "type=inline"]
  output = ["out", "-", "type=image,\"name=a,b\",push=true", { type = "tar", dest = "x.tar" }, "type=docker", "type=docker"]
  secret = ["id=a,src=docker-bake.hcl", "id=b,env=B", "type=env,id=c,env=C", "type=env,id=d,src=DD", { id = "e", env = "E" }, ""]
  attest = ["type=provenance,mode=max", { type = "sbom", disabled = "true" }, "type=sbom,generator=g"]
  annotations = ["manifest:a=b", "index,manifest[linux/amd64]:c=$${d}"]
}

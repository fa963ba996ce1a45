target "default" { 
  args = { "a.b" = "1" }
  secret = ["id=a,env=A", "id=b,env=B"]
  attest = ["type=sbom"]
  annotations = ["a=1"]
}

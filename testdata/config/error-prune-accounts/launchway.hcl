prune {
  regions = ["tokyo"]
  repository "*" {}
  account "a" { role = "prune" }
  account "b" { role = "arn:aws:iam::1234:role/prune" }
  account "c" { external_id = "x" }
  account "d" { profile = "" }
  account "e" { regions = ["eu-west-1", "eu-west-1"] }
  account "f" { profile = "prod" }
  account "g" { profile = "prod" }
  account "h" { profile = env.PROFILE }
}

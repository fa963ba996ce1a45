prune {
  regions    = []
  allow      = ["too-many", "nothing-in-us"]
  parameters = []
  records    = [""]
  references = []
  repository "a" { keep_tags = [] }
  repository "b" { keep_tags = ["latest", "v[0-9"] }
  repository "c" { keep_tags = ["latest", "shop/web:latest"] }
  repository "d" { keep_tags = [""] }
  repository "e" { keep_tags = "latest" }
  repository "f" { branches = [] }
  repository "g" { branches = ["main", ""] }
}

prune {
  keep_releases = 0
  repository "a" { keep_releases = -1 }
  repository "b" { keep_releases = 2.5 }
  repository "c" { keep_releases = "many" }
  repository "d" { expire = "90" }
  repository "e" { expire = "0d" }
  repository "f" { expire = "3mo" }
  repository "g" { untagged = "30m" }
  repository "h" { cache_expire = "-1d" }
  repository "i" {
    expire      = "1d"
    expire_from = "start"
  }
  repository "j" { expire_from = "push" }
  repository "k" { max_deletions = 0 }
  repository "l" { max_share = 50 }
  repository "m" { max_share = "0.5%" }
  repository "n" { max_share = "101%" }
  repository "o" { max_share = "0%" }
  repository "p" { max_share = "+5%" }
  repository "q" { archive = "maybe" }
  repository "r" { keep_releases = [1] }
  repository "s" { keep_releases = 1 / 0 }
  repository "t" { keep_releases = 99999999999999999999 }
}

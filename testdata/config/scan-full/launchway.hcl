scan {
  enabled      = true
  scanner      = "command"
  command      = ["./scan.sh", "--platform={platform}", "{reference}", "{\"json\": true}"]
  severity     = "medium"
  only_fixable = true
  no_result    = "warn"
  unchanged    = "fail"
  timeout      = "1h 30m"
  targets      = ["w*"]
  ignore = [
    { id = "CVE-2026-1", reason = "not reachable", until = "2026-06-30" },
    { id = "CVE-2026-2", package = "libssl3", reason = "waits for ${upper("debian")}", until = "2026-07-31" },
  ]
}

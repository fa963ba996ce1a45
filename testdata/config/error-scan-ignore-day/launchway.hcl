scan {
  ignore = [{ id = "CVE-2026-1", reason = "later", until = "2026-02-30" }]
}

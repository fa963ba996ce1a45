scan {
  ignore = [{ id = "CVE-2026-1", reasons = "later", until = "2026-06-30" }]
}

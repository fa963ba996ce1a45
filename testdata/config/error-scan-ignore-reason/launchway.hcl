scan {
  ignore = [{ id = "CVE-2026-1", until = "2026-06-30" }]
}

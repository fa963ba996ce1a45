scan {
  ignore = [
    { id = "CVE-2026-1", reason = "later", until = "2026-06-30" },
    { id = "CVE-2026-2", reason = "later" },
  ]
}

scan {
  ignore = ["CVE-2026-1"]
}

scan {
  severity = "SEVERE"
}

scan {
  scanner = "trivy"
  command = ["trivy", "{reference}"]
}

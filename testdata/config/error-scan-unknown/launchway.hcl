scan {
  severty = "HIGH"
}

release {
  targets = ["default", "wib"]
}

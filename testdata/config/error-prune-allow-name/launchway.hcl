variable "CASES" { default = "too-many:," }
prune {
  allow = split(",", CASES)
  repository "*" {}
}

variable "KEEP" {
  default = 5
}
variable "STAGE" {}
prune {
  keep_releases = KEEP * 2
  expire        = null
  repository "shop/*" {
    expire    = STAGE == "prod" ? "180d" : "14d"
    keep_tags = [STAGE, "${STAGE}-*"]
  }
  function "*" { keep = KEEP }
}

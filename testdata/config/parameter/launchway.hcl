variable "ENVIRONMENT" { default = "production" }

parameter "/shop/production/web" {
  target = "web"
}

parameter "all" {
  name        = "/shop/${ENVIRONMENT}/all"
  targets     = ["default"]
  value       = "tag"
  type        = "SecureString"
  key         = "alias/shop"
  tier        = "intelligent-tiering"
  region      = "us-east-1"
  on          = ENVIRONMENT == "production" ? "always" : "change"
  description = "what runs in ${ENVIRONMENT}"
}

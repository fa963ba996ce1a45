variable "account" {
  type    = string
  default = "111111111111"
  validation {
    condition     = length(regexall("^[0-9]{12}$", account)) == 1
    error_message = "an account has twelve digits"
  }
}
variable "region" { default = "eu-central-1" }
variable "replicas" { default = 1 }
variable "names" {
  type    = list(string)
  default = ["a"]
}
variable "sizes" {
  type    = object({ cpu = number, memory = optional(number) })
  default = { cpu = 256 }
}
variable "registry" { default = "${account}.dkr.ecr.${region}.amazonaws.com" }
variable "branch" {}

environment "dev" {}

environment "production" {
  account  = 222222222222
  replicas = "3"
  names    = ["b", upper(region)]
  sizes    = { cpu = 1024, memory = 2048 }
  branch   = source.branch
}

release {
  tags = concat(
    [source.commit8, environment.name, branch, "r${replicas + 1}"],
    names,
    ["cpu${sizes.cpu}-${sizes.memory}"],
  )
  output = "out/${environment.name}"
}
cache { repository = "${registry}/cache" }

notify "ops" {}
notify "ops" {}
notify { type = "slack" }

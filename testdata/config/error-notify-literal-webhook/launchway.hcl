notify "ops" {
  type    = "slack"
  webhook = "https://hooks.slack.com/services/T000/B000/planted"
}
notify "room" {
  type  = "chatwork"
  room  = "1"
  token = "env:planted-token"
}
notify "by-variable" {
  type    = "slack"
  webhook = "https://hooks.slack.com/services/${upper("planted")}"
}

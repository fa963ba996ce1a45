variable "ROOM" { default = 123456 }
service "shop" { images = { A = "web" } }

notify "ops" {
  type     = "slack"
  webhook  = "env:SLACK_WEBHOOK"
  mentions = ["here", "U012AB3CD", "S0614TZR7"]
  base_url = "https://proxy.example/slack/"
}
notify "room" {
  type        = "chatwork"
  room        = ROOM
  token       = "ssm:/shop/chatwork-token"
  to          = [1001, "all"]
  self_unread = true
  events      = ["start", "success", "unchanged", "failed", "refused", "waiting-for-approval"]
  timeout     = 20
}
notify "topic" {
  type     = "sns"
  topic    = "arn:aws:sns:ap-northeast-1:123456789012:releases"
  targets  = ["default"]
  required = true
}
notify "bus" {
  type     = "eventbridge"
  bus      = "arn:aws:events:eu-west-1:123456789012:event-bus/releases"
  services = ["shop"]
  source   = "acme.releases"
}
notify "script" {
  type    = "command"
  command = ["./tell", "ops"]
  project = "Shop"
  events  = []
}
notify "secret-with-key" {
  type    = "slack"
  webhook = "secretsmanager:arn:aws:secretsmanager:eu-west-1:123456789012:secret:slack-AbCdEf#webhook"
  room    = null
}

notify "nothing" {}
notify "slip" { type = "slck" }
notify "incomplete" { type = "slack" }
notify "mixed" {
  type    = "slack"
  webhook = "env:HOOK"
  room    = "1"
}
notify "no-room" {
  type  = "chatwork"
  token = "env:TOKEN"
}
notify "room-name" {
  type  = "chatwork"
  token = "env:TOKEN"
  room  = "#!rid1"
}
notify "account" {
  type  = "sns"
  topic = "arn:aws:sns:eu-west-1:1234567890123:releases"
}
notify "bus" {
  type = "eventbridge"
  bus  = "arn:aws:events:eu-west-1:123456789012:event-bus/x"
  region = "eu-west-2"
}
notify "source" {
  type = "eventbridge"
  bus  = "default"
  source = "aws.ecr"
}
notify "command" {
  type = "command"
  command = []
}

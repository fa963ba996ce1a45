service "shop" { images = { A = "web" } }
notify "events" {
  type    = "command"
  command = ["tell"]
  events  = ["succes"]
}
notify "timeout" {
  type    = "command"
  command = ["tell"]
  timeout = "1m"
}
notify "services" {
  type     = "command"
  command  = ["tell"]
  services = ["shp"]
}
notify "targets" {
  type    = "command"
  command = ["tell"]
  targets = ["wbe"]
}
notify "mentions" {
  type     = "slack"
  webhook  = "env:HOOK"
  mentions = ["@here"]
}
notify "to" {
  type  = "chatwork"
  token = "env:TOKEN"
  room  = 1
  to    = ["[toall]"]
}
notify "base" {
  type     = "slack"
  webhook  = "env:HOOK"
  base_url = "http://proxy.example"
}
notify "login" {
  type     = "slack"
  webhook  = "env:HOOK"
  base_url = "https://me:planted@proxy.example"
}

parameter "a" { value = "image" }
parameter "b" { type = "StringList" }
parameter "c" { tier = "premium" }
parameter "d" { on = "success" }
parameter "e" { region = "tokyo" }
parameter "f" { description = join("", [for n in range(0, 1000) : "xx"]) }

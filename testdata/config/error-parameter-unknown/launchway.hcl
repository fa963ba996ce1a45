parameter "a" { taget = "web" }
parameter "a" { target = "web" }
parameter { target = "web" }

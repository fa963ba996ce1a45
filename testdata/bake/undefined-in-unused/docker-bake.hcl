target "used" { args = { A = "1" } }
target "unused" { args = { A = try(nothing, "x"), B = can(nowhere) } }

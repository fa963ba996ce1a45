# one
// two
/* three
   more */
target "default" { # here
  args = { # there
    A = "1" // x
    B = "2", /* y */ C = "3"
    "D.${"x"}" : "4"
    (upper("e")) = "5"
  }
  tags = [
    "a", # c
    # d
    "b",
  ]
}

target "default" {
  args = {
    prec = 1 + 2 * 3 - 4 / 2
    paren = (1 + 2) * 3
    neg = -3 + 5
    neg2 = - 3
    notnot = !(!true)
    cmp = 1 < 2 == true
    mod = 10 % 4 * 2
    andor = true || false && false
    tern = true ? false ? 1 : 2 : 3
    chain = 1 < 2 && 2 < 3
    big = 9007199254740993 + 1
    frac = 0.1 * 3
    dec = 1.5e2
    str = "a" == "a"
    strnum = "10" < "9"
    div = 7 / 2
    cond = (1 > 0 ? "y" : "n")
  }
}

variable "E" { default = 1 }
target "default" {
  args = {
    third = 1/3
    two = 2/3
    inv = 1/0
    seven = 22/7
    big = 12345678901234567890123
    e = E + 0.2
    mod = -7 % 3
    modz = 5 % 0
    modf = 5.5 % 2
    one = (1/3)*3
    small = 1e-7
    exp = 1e3
    frac = 1.10
    sum = 0.1 + 0.2
    neg = -"1"
    conv = "1" + 1
    cmp = 10 > "9"
    floor = floor(-1.5)
    ceil = ceil(-1.5)
    int = int(-1.5)
    max = max(1, 3, 2)
    min = min(1, -3, 2)
    parse = parseint("ff", 16)
    sig = signum(-4)
    abs = absolute(-4.5)
    div = divide(1, 8)
  }
}

target "default" {
  args = {
    b64 = base64encode("hello\n")
    b64d = base64decode("aGVsbG8=")
    json = jsonencode({ b = [1, null, "x<&>"], a = true, n = 1.50, u = "ü\u2028" })
    jsond = jsondecode("{\"a\": {\"b\": [1, \"two\"]}}").a.b[1]
    csv = csvdecode("a,b\n1,2\n3,4\n")[1].b
    url = urlencode("a b/c?d=é&~_-.")
    md5 = md5("a")
    sha1 = sha1("a")
    sha256 = sha256("a")
    sha512 = sha512("a")
    base = basename("/a/b/c.txt")
    base2 = basename("a/b/")
    dir = dirname("/a/b/c.txt")
    dir2 = dirname("x")
    home = homedir()
    date = formatdate("YYYY-MM-DD'T'hh:mm:ssZ EEE EEEE MMM MMMM D H AA aa ZZZ ZZZZ ZZZZZ 'it''s' ''", "2018-01-02T23:12:01+09:00")
    dateutc = formatdate("YY M h H Z ZZZ", "2018-01-02T00:12:01Z")
    try = try(nope.x, "fallback")
    can = can(nope2)
    can2 = can("x")
    convert = jsonencode(convert(["1", 2], list(number)))
  }
}

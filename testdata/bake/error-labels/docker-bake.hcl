target "a" "b" {}
target {}
target "a b" {}
group "x" {}

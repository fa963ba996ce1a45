variable "LIST" { default = ["a", "b"] }
target "default" {
  args = {
    escaped = "$${x} %%{y} $x %y"
    nested = "a-${"b-${"c"}"}"
    cond = "%{ if length(LIST) > 1 }many%{ else }few%{ endif }"
    loop = "%{ for i, x in LIST }${i}=${x};%{ endfor }"
    objloop = "%{ for k, v in { b = 1, a = 2 } }${k}${v}%{ endfor }"
    strip = "a ${~ "x" ~} b"
    mixed = "x %{ if true ~} yes %{ else } no %{ endif ~} z"
    bool = "${true}-${1.0}"
    unicode = "\u00e9 \U0001F600 \t|\\|\""
    heredoc = <<EOT
first
  second ${LIST[0]}
EOT
    flush = <<-EOT
      one
        two
      ${ "three" }
    EOT
    stripdoc = <<EOT
%{ if true ~}
    indented
  two
%{ endif ~}
end
EOT
    stripdoc2 = <<EOT
a
   ${~ "x" ~}   

   b
EOT
    loopdoc = <<-EOT
      %{ for x in LIST ~}
      item ${x}
      %{ endfor ~}
      end
    EOT
    raw = <<EOT
no \n escape $${x}
EOT
  }
  dockerfile-inline = <<EOT
FROM scratch
ENV A=$${HOME} B=%%{x}
EOT
}

variable "L" { default = ["a", "b"] }
target "default" {
  args = {
    a = <<-EOT
        deep
      shallow

        deep again
    EOT
    b = <<EOT
EOT
    c = <<-EOT
      ${"first"}
        x
    EOT
    d = <<-EOT
      %{ for x in L }
      - ${x}
      %{ endfor }
      done
    EOT
    e = <<EOT
EOTX not the end
  EOT
    f = trimspace(<<EOT
      spaced
    EOT
    )
    g = <<-EOT
    	tab
      two
    EOT
    h = <<-EOT
      a
      %{~ if true ~}
      b
      %{~ else ~}
      c
      %{~ endif ~}
      d
    EOT
  }
}

target "default" {
  dockerfile-inline = <<EOT
FROM x
ARG ${NOPE}
EOT
}

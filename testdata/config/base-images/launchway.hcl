variable "CACHE" { default = "123456789012.dkr.ecr.ap-northeast-1.amazonaws.com" }
base_images {
  mirrors = {
    "index.docker.io" = "${CACHE}/docker-hub/"
    "public.ecr.aws"  = "${CACHE}/ecr-public"
    "quay.io"         = "mirror.internal:5000"
  }
}

ARG BASES
ARG UNKNOWN
FROM ${BASES}/base/php:8.4 AS php
FROM 123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/base/node:22 AS node
FROM 123456789012.dkr.ecr.ap-northeast-1.amazonaws.com/shop/web:latest AS before
FROM 210987654321.dkr.ecr.eu-west-1.amazonaws.com/base/mirrored:1
FROM tools
FROM ${UNKNOWN}/secret:1
FROM scratch
COPY --from=php / /php
COPY --from=alpine:3 / /alpine

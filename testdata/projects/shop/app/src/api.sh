# The shop's API: answers every request with the price of the item that it names.
. /usr/lib/shop/lib.sh

if [ "${1-}" = answer ]; then
  read -r _ path _
  price=$(price_of "${path##*/}")
  if [ -n "$price" ]; then status='200 OK' body="{\"price\":$price}"; else status='404 Not Found' body='{}'; fi
  printf 'HTTP/1.0 %s\r\nContent-Type: application/json\r\n\r\n%s\n' "$status" "$body"
  exit 0
fi
log "api with extensions: $(extensions | tr '\n' ' ')"
exec nc -lk -p 8081 -e /bin/sh /srv/shop/api.sh answer

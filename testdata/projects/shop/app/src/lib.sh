# Shared by api.sh and batch.sh.
log() { printf '%s %s\n' "$(date -u +%H:%M:%S)" "$*" >&2; }

# price_of ITEM: the price in yen, from the catalogue beside the program.
price_of() { awk -F, -v item="$1" '$1 == item { print $2 }' /srv/shop/catalogue.csv; }

extensions() { for table in "$SHOP_EXTENSIONS"/*.tab; do basename "$table" .tab; done; }

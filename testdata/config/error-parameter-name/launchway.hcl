parameter "/aws/web" {}
parameter "web" { name = "shop/web" }

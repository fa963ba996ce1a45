environment "dev" {}
environment "production" {}

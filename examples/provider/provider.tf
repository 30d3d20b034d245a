terraform {
  required_providers {
    latchkey = {
      source = "latchkey-dev/latchkey"
    }
  }
}

provider "latchkey" {
  organization = "acme" # the database is the file that LATCHKEY_DATABASE names, else latchkey.db
}

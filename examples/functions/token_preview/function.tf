variable "token" {
  type      = string
  sensitive = true
  default   = ""
}

# "lk_8UJ2FD3", by which people recognize it, or null for a text that is no value.
output "token_preview" {
  value     = provider::latchkey::token_preview(var.token)
  sensitive = true
}

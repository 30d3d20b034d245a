# Refuses a value that was not copied whole, before anything uses it.
variable "token" {
  type      = string
  sensitive = true
  default   = null

  validation {
    condition     = var.token == null || provider::latchkey::token_valid(var.token)
    error_message = "That is no access token of Latchkey, or not all of it."
  }
}

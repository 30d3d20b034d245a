# Refuses a value that was not copied whole, before anything uses it.
variable "token" {
  type      = string
  ephemeral = true # Terraform 1.11 prints the value of another variable that is refused, even if it is sensitive.
  sensitive = true
  default   = null

  validation {
    condition     = var.token == null || provider::latchkey::token_valid(var.token)
    error_message = "That is no access token of Latchkey, or not all of it."
  }
}

variable "database" {
  description = "The file that holds the organization. The first apply creates it."
  type        = string
  default     = "latchkey.db"
}

variable "deploy_secret_generation" {
  description = "Change this to regenerate the secret of the deploy token."
  type        = string
  default     = "1"
}

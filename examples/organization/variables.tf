variable "database" {
  description = "The file that holds the organization. The first apply makes it."
  type        = string
  default     = "latchkey.db"
}

variable "deploy_secret_generation" {
  description = "Another value regenerates the secret of the deploy token."
  type        = string
  default     = "1"
}

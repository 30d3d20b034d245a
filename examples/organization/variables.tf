variable "database" {
  description = "The file that holds the organization. If null, LATCHKEY_DATABASE names it, else it is latchkey.db."
  type        = string
  default     = null
}

variable "endpoint" {
  description = "The address of a server that holds the organization, in place of a file."
  type        = string
  default     = null
}

variable "deploy_secret_generation" {
  description = "Change this to regenerate the secret of the deploy token."
  type        = string
  default     = "1"
}

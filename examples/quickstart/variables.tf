variable "deploy_secret_generation" {
  description = "Change this to regenerate the secret of the deploy token: same token, same id, new secret."
  type        = string
  default     = "1"
}

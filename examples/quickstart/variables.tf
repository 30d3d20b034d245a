variable "deploy_secret_generation" {
  description = "Another value regenerates the secret of the deploy token: same token, same id, new secret."
  type        = string
  default     = "1"
}

variable "secret_generation" {
  description = "Change this to give the deploy token a new secret early: same token, same id."
  type        = string
  default     = "1"
}

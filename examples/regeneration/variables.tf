variable "secret_generation" {
  description = "Another value gives the deploy token a new secret before its time: same token, same id."
  type        = string
  default     = "1"
}

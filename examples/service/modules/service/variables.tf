variable "name" {
  description = "Name of the service: 1 to 63 lower-case letters, digits and hyphens."
  type        = string
}

variable "description" {
  description = "What the service does with its token."
  type        = string
  default     = null
}

variable "group_id" {
  description = "Group that the service belongs to; null for the whole organization."
  type        = string
  default     = null
}

variable "role" {
  description = "Role of the service's account."
  type        = string
  default     = "member"
}

variable "ttl" {
  description = "How long each secret lives."
  type        = string
  default     = "90d"
}

variable "regenerate_before_expiry" {
  description = "How long before its end a secret is regenerated. Plan at least once within that time."
  type        = string
  default     = "14d"
}

variable "grace_period" {
  description = "How long the previous secret stays valid: as long as a rollout takes."
  type        = string
  default     = "2d"
}

variable "readers" {
  description = "Recipients of age who can read the secret (age1… or ssh-ed25519 …); null keeps it in the state."
  type        = set(string)
  default     = null
}

variable "regenerate_triggers" {
  description = "Any texts; a changed one gives the token a new secret."
  type        = map(string)
  default     = {}
}

variable "shares" {
  description = "Members who may see or look after the token, by any name that stays: viewer, editor or manager."
  type = map(object({
    member_id = string
    role      = string
  }))
  default = {}
}

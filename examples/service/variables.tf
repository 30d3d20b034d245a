variable "services" {
  description = "The services and what differs between them."
  type = map(object({
    ttl        = optional(string, "90d")
    readers    = optional(set(string))
    generation = optional(string, "1")
  }))
  default = {
    billing = {}
    search  = { ttl = "30d" }
  }
}

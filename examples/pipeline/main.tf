terraform {
  required_providers {
    latchkey = {
      source = "latchkey-dev/latchkey"
    }
  }
}

# In the pipelines beside this file, LATCHKEY_ENDPOINT and LATCHKEY_TOKEN name the server and the credential.
provider "latchkey" {
  organization = "acme"
}

variable "release" {
  description = "What the pipeline has deployed. Another one is tested anew."
  type        = string
  default     = "1"
}

variable "api" {
  description = "Address of the API that was deployed, which asks Latchkey about each token; null tests nothing."
  type        = string
  default     = null
}

resource "latchkey_technical_user" "smoke_test" {
  name = "smoke-test"
  role = "viewer"
}

# A token for this run alone. It stands in no plan and no state, and is deleted when the run is over.
ephemeral "latchkey_access_token" "smoke_test" {
  technical_user_id = latchkey_technical_user.smoke_test.id
  ttl               = "10m"
}

# Calls the API once, as its clients do. If it refuses, the apply fails, and the pipeline with it.
resource "terraform_data" "smoke_test" {
  count            = var.api == null ? 0 : 1
  triggers_replace = [var.release]

  provisioner "local-exec" {
    command = "curl --fail --retry 3 --silent --show-error --output /dev/null --oauth2-bearer \"$API_TOKEN\" \"$API\""

    environment = {
      API       = var.api
      API_TOKEN = ephemeral.latchkey_access_token.smoke_test.token
    }
  }
}

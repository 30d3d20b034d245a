package managed

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Ephemeral is what every ephemeral resource is built on: the connection to the backend.
type Ephemeral struct{ *Connection }

// Configure takes the connection from the provider. Terraform also calls it before the provider is configured.
func (e *Ephemeral) Configure(
	_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse,
) {
	e.Connection = connectionFrom(req.ProviderData, &resp.Diagnostics)
}

// NewSecret makes a secret with a prefix, which is empty while the provider's token_prefix is unknown.
func NewSecret(prefix string) (tokens.Secret, error) {
	if prefix == "" {
		return tokens.Secret{}, tokens.Unavailable(nil,
			"the provider's token_prefix, with which the secret is to begin, is not known yet: set it to a fixed value")
	}
	return tokens.NewSecret(prefix)
}

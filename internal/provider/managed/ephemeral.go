package managed

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
)

// Ephemeral is what every ephemeral resource is built on: the connection to the backend.
type Ephemeral struct{ *Connection }

// Configure takes the connection from the provider. Terraform also calls it before the provider is configured.
func (e *Ephemeral) Configure(
	_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse,
) {
	e.Connection = connectionFrom(req.ProviderData, &resp.Diagnostics)
}

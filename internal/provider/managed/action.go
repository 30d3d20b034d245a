package managed

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/action"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Action is what every action is built on: the connection to the backend.
type Action struct{ *Connection }

// Configure takes the connection from the provider. Terraform also calls it before the provider is configured.
func (a *Action) Configure(_ context.Context, req action.ConfigureRequest, resp *action.ConfigureResponse) {
	a.Connection = connectionFrom(req.ProviderData, &resp.Diagnostics)
}

// Tell shows a line of progress to whoever runs Terraform, which prints it as it is.
func Tell(resp *action.InvokeResponse, format string, args ...any) {
	resp.SendProgress(action.InvokeProgressEvent{Message: tokens.Cleaned(fmt.Sprintf(format, args...))})
}

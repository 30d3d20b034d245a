package cli

import (
	"context"
	"fmt"
)

// debug serves the provider for a debugger.
type debug struct{}

// Run serves until it is interrupted. The provider's library prints what Terraform needs to find it.
func (debug) Run(ctx context.Context, app *app) error {
	if err := app.Debug(ctx); err != nil {
		return fmt.Errorf("unable to serve the provider: %w", err)
	}
	return nil
}

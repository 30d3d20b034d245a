package cli

import (
	"context"
	"log/slog"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// identifyTimeout is how long the server waits for the identity of its database before it begins to answer.
const identifyTimeout = 2 * time.Second

// identity returns what the log says of the database: where it is and, if it can be read, whose it is.
func identity(ctx context.Context, of service.Verifications, location string) []any {
	ctx, cancel := context.WithTimeout(ctx, identifyTimeout)
	defer cancel()
	d, err := of.Database(ctx)
	if err != nil {
		return []any{"database", location}
	}
	return []any{"database", d.Location, "database_id", d.ID, "organization", d.Organization}
}

// tellOfDatabase returns a function that logs that the database can't be read, or can be again. isKnown reports whether
// there is anything to answer from meanwhile.
func tellOfDatabase(
	ctx context.Context, of service.Verifications, location string, log *slog.Logger, isKnown func() bool,
) func(error) {
	return func(err error) {
		if err == nil {
			log.Info("the database can be read", identity(ctx, of, location)...)
			return
		}
		consequence := "requests get 503 until it can"
		if isKnown() {
			consequence = "requests get 503 once what is known of it is older than --max-staleness"
		}
		text := explain(err)
		if tokens.ErrorReason(err) == tokens.ReasonNoDatabase {
			text += "; so does latchkey bootstrap, with a token that may do everything"
		}
		log.Error("the database can't be read: "+consequence, "error", tokens.Cleaned(text), "database", location)
	}
}

// holders end their own secrets: whoever has a value may do that.
type holders struct{ service *service.Service }

// RevokeSecret implements httpapi.Revoker.
func (h holders) RevokeSecret(ctx context.Context, secret tokens.Secret) error {
	_, err := h.service.As(tokens.AsTokenHolder(secret)).RevokeSecret(ctx, secret)
	return err
}

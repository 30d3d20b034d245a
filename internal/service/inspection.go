package service

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/sqlite"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// inspection is what a look at a database of any engine finds.
type inspection struct {
	// location says where it is, and unusable why no operation works there; nil where all do.
	location string
	unusable error
	store.Content
}

// inspect looks at the database of that name, and changes nothing.
func inspect(ctx context.Context, database string) (inspection, error) {
	if tokens.IsDatabaseAddress(database) {
		i, err := postgres.Inspect(ctx, database)
		return inspection{i.Location, i.Unusable, i.Content}, err
	}
	i, err := sqlite.Inspect(ctx, database)
	return inspection{i.Location, i.Unusable, i.Content}, err
}

package httpapi

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// database is the database that a server works on.
type database struct {
	ID           string `json:"id" jsonschema:"Random, and made with the database."`
	Organization string `json:"organization" jsonschema:"The name of the organization."`
}

// noInput is the input of an operation that needs none.
type noInput struct{}

// The operations on the database as a whole.
var showDatabase = operation[noInput, database]{
	"GET", "/v1/database", "showDatabase", "Show which database the server works on", false,
}

// databaseEndpoints are what a server does for the database as a whole.
func databaseEndpoints() []endpoint {
	return []endpoint{
		served(showDatabase, func(ctx context.Context, b tokens.Backend, _ noInput) (database, error) {
			d, err := b.Database(ctx)
			return database{d.ID, d.Organization}, err
		}),
	}
}

// Database implements tokens.Backend. The location is the address of the server.
func (c *Client) Database(ctx context.Context) (tokens.Database, error) {
	d, err := ask(ctx, c, showDatabase, noInput{})
	if err != nil {
		return tokens.Database{}, err
	}
	return tokens.Database{ID: d.ID, Organization: d.Organization, Location: c.options.Endpoint.String()}, nil
}

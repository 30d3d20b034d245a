package httpapi

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// markRange is what the database says of a part of its past.
type markRange struct {
	DatabaseID string   `json:"database_id" jsonschema:"The identifier of the database."`
	Serial     int64    `json:"serial" jsonschema:"How many changes the database has seen."`
	Mark       string   `json:"mark" jsonschema:"The random mark of the last change; empty before the first."`
	ChangedAt  instant  `json:"changed_at" jsonschema:"When that change was made."`
	KnownUntil instant  `json:"known_until" jsonschema:"Marks from before this time count as known, since the database was put back on purpose; null if it never was."`
	First      int64    `json:"first" jsonschema:"The serial of the first mark."`
	Marks      []string `json:"marks" jsonschema:"The marks under that serial and those after it."`
}

func markRangeOf(r tokens.MarkRange) markRange {
	return markRange{
		r.Newest.Database, r.Newest.Serial, r.Newest.Value, instant{r.Newest.At}, instant{r.KnownUntil}, r.First, r.Values,
	}
}

func (r markRange) domain() (tokens.MarkRange, error) {
	return tokens.MarkRange{
		Newest:     tokens.Mark{Database: r.DatabaseID, Serial: r.Serial, Value: r.Mark, At: r.ChangedAt.Time},
		KnownUntil: r.KnownUntil.Time, First: r.First, Values: r.Marks,
	}, nil
}

// markSelection selects marks.
type markSelection struct {
	First int64 `query:"first" jsonschema:"The serial of the first mark; 1 by default."`
	Limit int   `query:"limit" jsonschema:"How many marks at most: 1 to 10000, 10000 by default."`
}

// listMarks is the operation that lists marks.
var listMarks = operation[markSelection, markRange]{
	"GET", "/v1/marks", "listMarks",
	"List the marks that the changes of the database left, by which a client tells it from an older copy", false,
}

// markEndpoints are what a server does for marks.
func markEndpoints() []endpoint {
	return []endpoint{
		served(listMarks, func(ctx context.Context, b tokens.Backend, in markSelection) (markRange, error) {
			return answered(markRangeOf)(b.Marks(ctx, in.First, in.Limit))
		}),
	}
}

// Marks implements tokens.Backend. The location is the address of the server.
func (c *Client) Marks(ctx context.Context, first int64, limit int) (tokens.MarkRange, error) {
	r, err := received(markRange.domain)(ask(ctx, c, listMarks, markSelection{first, limit}))
	if err == nil {
		r.Location = c.options.Endpoint.String()
	}
	return r, err
}

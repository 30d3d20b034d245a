package prefetch

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// reading is what was read ahead at one time.
type reading struct {
	backend tokens.Backend
	past    *past
	began   time.Time
	done    chan struct{}

	tokens map[string]observed
	// served means that somebody got a token of these.
	served atomic.Bool
}

// observed is an access token with the newest mark that the database had when the token was read.
type observed struct {
	token tokens.AccessToken
	as    tokens.Mark
}

// isOver reports whether the reading is too old at a time. If the clock was set back, nobody knows.
func (r *reading) isOver(now time.Time) bool {
	age := now.Sub(r.began)
	return age < 0 || age > longest
}

// run reads the tokens that the caller made. Where anything fails there are none: then each is read by itself, which
// tells what is wrong.
func (r *reading) run(ctx context.Context) {
	defer close(r.done)
	account, err := r.past.caller(ctx)
	if err != nil || account == "" {
		return
	}
	// Each request expects what the one before saw, so that all tell of one database.
	w := tokens.Witness{Saw: r.past.newest()}
	ctx = tokens.WithWitness(ctx, &w)
	found := map[string]observed{}
	query := tokens.TokenQuery{CreatorID: account, Limit: pageSize}
	for range mostPages {
		w.Expects = w.Saw
		page, err := r.backend.AccessTokens(ctx, query)
		if err != nil {
			return
		}
		for _, t := range page.AccessTokens {
			found[t.ID] = observed{t, w.Saw}
		}
		if query.Cursor = page.NextCursor; query.Cursor == "" {
			break
		}
	}
	r.past.reaches(w.Saw)
	r.tokens = found
}

// token returns a token that was read ahead, if the database from which it is has been through all that the caller has
// seen. A database that has not is for the backend to tell of, and so is a token that is not among these.
func (r *reading) token(ctx context.Context, id string) (tokens.AccessToken, bool) {
	o, ok := r.tokens[id]
	if !ok {
		return tokens.AccessToken{}, false
	}
	if w := tokens.WitnessOf(ctx); w != nil {
		if !r.fits(ctx, o.as, w.Expects) {
			return tokens.AccessToken{}, false
		}
		w.Saw = o.as
	}
	r.served.Store(true)
	return o.token, true
}

// fits reports whether the database that had a mark as its newest has been through what a caller has seen.
func (r *reading) fits(ctx context.Context, newest, seen tokens.Mark) bool {
	switch {
	case seen == tokens.Mark{}, seen == newest:
		return true
	case seen.Database != newest.Database || seen.Serial > newest.Serial:
		return false
	}
	past, known := r.past.at(ctx, seen)
	return known && past.Knows(seen)
}

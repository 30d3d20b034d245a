package prefetch

import (
	"context"
	"sync"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// past is what every reading of a database needs beside the tokens, and what stays as it is: who the caller is, and the
// marks that the database has left behind.
type past struct {
	backend tokens.Backend

	mu sync.Mutex
	// account is who the caller is; empty until it was asked.
	account string
	// last is the newest mark that was seen.
	last tokens.Mark
	// marks are those that were read, and asked is how often they were asked for.
	marks []tokens.MarkRange
	asked int
}

// caller returns the identifier of the account that asks.
func (p *past) caller(ctx context.Context) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.account != "" {
		return p.account, nil
	}
	self, err := p.backend.Whoami(tokens.WithWitness(ctx, &tokens.Witness{}))
	p.account = self.AccountID
	return p.account, err
}

// newest returns the newest mark that a reading saw; the zero Mark for none.
func (p *past) newest() tokens.Mark {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.last
}

// reaches takes down the newest mark that a reading saw.
func (p *past) reaches(newest tokens.Mark) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last = newest
}

// at returns what there is to judge a mark by, and whether there is anything. It reads the marks around it if need be.
// Marks that were read before serve later readings, too: these are of a database which has been through the earlier ones,
// or in which, since it was put back on purpose, all marks up to then count as known.
func (p *past) at(ctx context.Context, seen tokens.Mark) (tokens.Past, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, read := range p.marks {
		if past, known := read.Past(seen); known && seen.Serial <= read.Newest.Serial {
			return past, true
		}
	}
	if p.asked == mostRanges {
		return tokens.Past{}, false
	}
	p.asked++
	ctx = tokens.WithWitness(ctx, &tokens.Witness{Expects: p.last})
	read, err := p.backend.Marks(ctx, max(seen.Serial-tokens.MostMarks/2, 1), tokens.MostMarks)
	if err != nil {
		return tokens.Past{}, false
	}
	p.marks = append(p.marks, read)
	return read.Past(seen)
}

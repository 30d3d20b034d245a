//go:build unix

package postgres

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// BenchmarkWrites measures how many changes commit in a second, on a server that keeps what it commits: what a creation writes,
// with its event, its mark and the serial, and the same without these, which all changes write one after the other.
func BenchmarkWrites(b *testing.B) {
	s := pgtest.New(b)
	for _, clients := range []int{1, 8, 32} {
		for _, counted := range []bool{true, false} {
			b.Run(fmt.Sprintf("clients=%d/serial=%t", clients, counted), func(b *testing.B) {
				address := s.Address(fmt.Sprintf("writes_%d_%t", clients, counted))
				b.ReportMetric(writesPerSecond(b, address, clients, counted), "writes/s")
			})
		}
	}
}

// writesPerSecond returns how many creations commit in a second, of clients of whom up to 8 share a program.
func writesPerSecond(b *testing.B, address string, clients int, counted bool) float64 {
	b.Helper()
	const each, warm = 4 * time.Second, 500 * time.Millisecond
	var done atomic.Int64
	ctx, stop := context.WithCancel(b.Context())
	defer stop()
	var open *connection
	var wg sync.WaitGroup
	for client := range clients {
		if client%8 == 0 {
			open = openOrMake(b, address)
		}
		c, s := open, store.New(opened{open}, time.Now)
		wg.Go(func() {
			for ctx.Err() == nil {
				change := func(tx store.Tx) error { return insertOne(ctx, tx, counted) }
				var err error
				if counted {
					_, err = s.Change(ctx, store.ReachOfTokens, nil, change)
				} else {
					err = c.transaction(ctx, c.changing(store.ReachOfTokens), `COMMIT`, func(t *transaction) error {
						return change(store.NewTx(c.database, t.statements))
					})
				}
				if err == nil {
					done.Add(1)
				} else if ctx.Err() == nil {
					b.Error(err)
				}
			}
		})
	}
	time.Sleep(warm)
	before, begin := done.Load(), time.Now()
	time.Sleep(each)
	rate := float64(done.Load()-before) / time.Since(begin).Seconds()
	stop()
	wg.Wait()
	return rate
}

// opened is the engine of a database that is open.
type opened struct{ *connection }

// Connect implements store.Engine.
func (o opened) Connect(context.Context, store.Found) (store.Connection, error) {
	return o.connection, nil
}

// openOrMake opens the database at an address, and makes it where there is none.
func openOrMake(b *testing.B, address string) *connection {
	b.Helper()
	engine, err := New(address)
	if err != nil {
		b.Fatal(err)
	}
	c, err := engine.Connect(b.Context(), begun)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = c.Close() })
	return c.(*connection)
}

// insertOne writes what the creation of an access token writes.
func insertOne(ctx context.Context, tx store.Tx, counted bool) error {
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	if err != nil {
		return err
	}
	now := time.Now()
	t := tokens.AccessToken{
		ID:       tokens.NewID(tokens.KindAccessToken, now),
		Settings: tokens.Settings{Name: "deploy", Enabled: true, Visibility: tokens.VisibilityOrganization},
		Secret:   tokens.SecretState{Version: 1, CreatedAt: now, Preview: secret.Preview()}, CreatedAt: now, UpdatedAt: now,
	}
	if err := tx.InsertAccessToken(ctx, t); err != nil {
		return err
	}
	if err := tx.InsertSecret(ctx, t.ID, secret.Hash(), t.Secret); err != nil {
		return err
	}
	request := store.Request{
		ID: tokens.NewID(tokens.KindRequest, now), Caller: "local:benchmark@host", Operation: tokens.ActionAccessTokenCreate,
		Digest: secret.Hash().String(), ObjectID: t.ID, CreatedAt: now,
	}
	if err := tx.InsertRequest(ctx, request); err != nil || !counted {
		return err
	}
	return tx.InsertEvent(ctx, tokens.Event{
		ID: tokens.NewID(tokens.KindEvent, now), At: now, Actor: "local:benchmark@host", Action: tokens.ActionAccessTokenCreate,
		ObjectID: t.ID, ObjectName: t.Name, Outcome: tokens.OutcomeDone,
	})
}

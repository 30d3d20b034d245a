package service

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
)

const (
	// flushEvery is how long a use waits in memory at most before KeepUses begins to write it.
	flushEvery = 30 * time.Second
	// flushPause separates the transactions of a flush. SQLite's lock is unfair: whoever waits for it sleeps between two
	// tries, up to 100 ms, so that a flush with short pauses can keep another process out from its beginning to its end.
	flushPause = 100 * time.Millisecond
	// usesAtOnce is of how many tokens one transaction writes the uses: so few that nobody waits long for one, and so many
	// that those of 100,000 tokens are written within 15 seconds.
	usesAtOnce = 750
	// refusalsAtOnce is the number of refused uses in one transaction. Each takes several statements.
	refusalsAtOnce = 200
)

// Flushed is what a flush wrote.
type Flushed struct {
	// Tokens is the number of access tokens of which it wrote uses.
	Tokens int
	// Refusals is the number of refused uses that it dealt with, and Dropped how many came since the flush before for
	// which there was no room in memory.
	Refusals, Dropped int
	// Took is how long it took, pauses included, where KeepUses reports it.
	Took time.Duration
}

// FlushUses writes the uses and refused uses that wait in memory. It does so in several transactions with pauses between,
// in which others can write. What it can't write waits for the next flush. CodeUnavailable, also where ctx ends first.
func (s *Service) FlushUses(ctx context.Context) (Flushed, error) {
	return s.flush(ctx, func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(flushPause):
			return nil
		}
	})
}

// KeepUses writes what waits in memory every 30 seconds until ctx ends, and reports each flush and how long it took. A
// server runs it beside what records uses; what waits at its end is for Close to write.
func (s *Service) KeepUses(ctx context.Context, report func(Flushed, error)) {
	s.keepUses(ctx, flushEvery, report)
}

func (s *Service) keepUses(ctx context.Context, every time.Duration, report func(Flushed, error)) {
	due := time.NewTicker(every)
	defer due.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-due.C:
		}
		began := s.options.Now()
		done, err := s.FlushUses(ctx)
		if ctx.Err() != nil {
			return
		}
		done.Took = s.options.Now().Sub(began)
		report(done, err)
	}
}

// flush is FlushUses with what lets others write between two transactions and after the last one.
func (s *Service) flush(ctx context.Context, pause func(context.Context) error) (done Flushed, err error) {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	waiting := s.uses.take()
	tokenIDs := slices.Sorted(maps.Keys(waiting)) // tokens that were made one after the other share pages
	done.Tokens, err = inBatches(ctx, tokenIDs, usesAtOnce, pause, func(batch []string) error {
		return s.writeUses(ctx, batch, waiting)
	})
	s.uses.flushed(tokenIDs[done.Tokens:])
	if err != nil {
		return done, err
	}
	done.Refusals, done.Dropped, err = s.flushRefusedUses(ctx, pause)
	return done, err
}

// inBatches calls write with so many of the values at a time, with a pause after each, and returns of how many values it
// succeeded before the first failure.
func inBatches[T any](
	ctx context.Context, all []T, size int, pause func(context.Context) error, write func([]T) error,
) (written int, err error) {
	for batch := range slices.Chunk(all, size) {
		if err := write(batch); err != nil {
			return written, err
		}
		written += len(batch)
		if err := pause(ctx); err != nil {
			return written, err
		}
	}
	return written, nil
}

// writeUses writes the uses of tokens in one transaction.
func (s *Service) writeUses(ctx context.Context, tokenIDs []string, uses map[string]*secretUses) error {
	var all []store.SecretUse
	for _, tokenID := range tokenIDs {
		for one := uses[tokenID]; one != nil; one = one.other {
			all = append(all, store.SecretUse{
				TokenID: tokenID, Version: one.version, Count: one.count, Last: time.UnixMicro(one.last),
			})
		}
	}
	return s.store.WriteUses(ctx, all)
}

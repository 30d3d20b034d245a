package service

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
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
	// askAgainAfter is how long a database that denies the right to write is not asked again: it logs each attempt.
	askAgainAfter = time.Hour
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
	// DroppedUses is the number of uses that were dropped, since the role may not write to the database, or that was moved elsewhere.
	DroppedUses int64
	// Took is how long it took, pauses included, where KeepUses reports it.
	Took time.Duration
}

// FlushUses writes the uses and refused uses that wait in memory. It does so in several transactions with pauses between,
// in which others can write. What it can't write waits for the next flush. CodeUnavailable, also where ctx ends first; with
// ReasonNotGranted, where the role may only read, or ReasonMoved, nothing waits: it is dropped.
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

// denial is what is known of a database whose role may not write.
type denial struct {
	// err is nil where nothing was denied.
	err error
	// until is when to try it again: somebody may have granted it.
	until time.Time
}

// flush is FlushUses with what lets others write between two transactions and after the last one.
//
// A server by whose role one can only verify goes on without the uses. Kept in memory, those of all tokens would pile up.
func (s *Service) flush(ctx context.Context, pause func(context.Context) error) (done Flushed, err error) {
	s.flushing.Lock()
	defer s.flushing.Unlock()
	if s.denied.err != nil && s.now().Before(s.denied.until) {
		return s.dropUses(Flushed{}), s.denied.err
	}
	done, err = s.writeWaiting(ctx, pause)
	switch {
	case tokens.ErrorReason(err) == tokens.ReasonNotGranted:
		s.denied = denial{err, s.now().Add(askAgainAfter)}
		done = s.dropUses(done)
	case tokens.ErrorReason(err) == tokens.ReasonMoved: // as many as nobody verifies here any more
		done = s.dropUses(done)
	case err == nil && done.Tokens+done.Refusals == 0: // nothing waited, so nothing tells whether it is granted now
		err = s.denied.err
	default:
		s.denied = denial{}
	}
	return done, err
}

// takesNoUses reports whether an error says that uses are not wanted.
func takesNoUses(err error) bool {
	reason := tokens.ErrorReason(err)
	return reason == tokens.ReasonNotGranted || reason == tokens.ReasonMoved
}

// dropUses drops all that waits, and adds how much that was to what a flush did.
func (s *Service) dropUses(done Flushed) Flushed {
	for _, first := range s.uses.take() {
		for one := first; one != nil; one = one.other {
			done.DroppedUses += one.count
		}
	}
	s.uses.flushed(nil)
	refused, dropped := s.refusedUses.take()
	done.Dropped += len(refused) + dropped
	return done
}

// writeWaiting writes what waits.
func (s *Service) writeWaiting(ctx context.Context, pause func(context.Context) error) (done Flushed, err error) {
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

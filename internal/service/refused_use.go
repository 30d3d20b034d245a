package service

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// RecordRefusedUse notes that somebody presented the secret of a version of an access token at a time and was refused,
// since it was not active. The log tells of it once for each token and minute. Like RecordUse it does no I/O. An empty
// tokenID stands for a value that no token has: that takes as long, so that time doesn't tell them apart, but is not
// written.
func (s *Service) RecordRefusedUse(tokenID string, version int64, at time.Time) {
	if tokenID == "" {
		tokenID = noToken
	}
	s.refusedUses.note(refusedUse{tokenID, at.Truncate(tokens.FoldedWithin).Unix()}, version, at)
}

// noToken stands for a value that no token has. It is as long as an identifier.
var noToken = strings.Repeat("-", tokens.IDLength(tokens.KindAccessToken))

// refusedUse is what all refused uses of a token in a minute have in common: one event.
type refusedUse struct {
	tokenID string
	// minute is when it began, in seconds since 1970.
	minute int64
}

// refusedSecret is the secret of which an event tells, and when it was refused.
type refusedSecret struct {
	version int64
	at      time.Time
}

// mostRefusedUses is how many refused uses wait in memory at most. A token can be refused as often as somebody likes, but
// only who has the values of that many tokens gets beyond it.
const mostRefusedUses = 4096

// refusedUseRecord holds the refused uses of which no event tells yet.
type refusedUseRecord struct {
	mu      sync.Mutex
	waiting map[refusedUse]refusedSecret
	// dropped is for how many there was no room.
	dropped int
}

// note adds a refused use, unless one of the same token and minute waits already.
func (u *refusedUseRecord) note(use refusedUse, version int64, at time.Time) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch _, known := u.waiting[use]; {
	case known:
	case len(u.waiting) >= mostRefusedUses:
		u.dropped++
	default:
		if u.waiting == nil {
			u.waiting = map[refusedUse]refusedSecret{}
		}
		u.waiting[use] = refusedSecret{version, at}
	}
}

// take removes everything and returns what is to be written.
func (u *refusedUseRecord) take() (waiting map[refusedUse]refusedSecret, dropped int) {
	u.mu.Lock()
	defer u.mu.Unlock()
	waiting, dropped = u.waiting, u.dropped
	u.waiting, u.dropped = nil, 0
	maps.DeleteFunc(waiting, func(use refusedUse, _ refusedSecret) bool { return use.tokenID == noToken })
	return waiting, dropped
}

// flushRefusedUses writes the events of refused uses. Those that it can't write wait for the next flush. A database with the
// schema of the next version gets none.
func (s *Service) flushRefusedUses(ctx context.Context, pause func(context.Context) error) (written, dropped int, err error) {
	waiting, dropped := s.refusedUses.take()
	all := slices.SortedFunc(maps.Keys(waiting), func(a, b refusedUse) int { return waiting[a].at.Compare(waiting[b].at) })
	written, err = inBatches(ctx, all, refusalsAtOnce, pause, func(batch []refusedUse) error {
		return s.store.RecordRefusedUses(ctx, func(log store.Uncounted) error {
			for _, use := range batch {
				if err := recordRefusedUse(ctx, log, use, waiting[use]); err != nil {
					return err
				}
			}
			return nil
		})
	})
	for _, use := range all[written:] {
		s.refusedUses.note(use, waiting[use].version, waiting[use].at)
	}
	return written, dropped, err
}

// recordRefusedUse writes the event of a refused use, unless the token is gone or the log tells of its minute already.
func recordRefusedUse(ctx context.Context, log store.Uncounted, use refusedUse, of refusedSecret) error {
	t, _, err := log.AccessTokenWithRoles(ctx, use.tokenID)
	if tokens.ErrorCode(err) == tokens.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	because := tokens.Forbidden(t.ID, "%s", whyRefused(t, of))
	e := refusedBy(because, event(asStored(of.at), tokens.ActorUnknown, tokens.ActionAccessTokenVerify, object{t.ID, t.Name}))
	e.Details.SecretVersion = of.version
	minute := time.Unix(use.minute, 0)
	told, err := log.WasRefusedOn(ctx, e, minute, minute.Add(tokens.FoldedWithin))
	if err != nil || told {
		return err
	}
	return log.InsertEvent(ctx, e)
}

// whyRefused says why a secret of a token was not active at a time. The event is written later: a token, or a technical
// user, that has changed meanwhile doesn't tell what it was like.
func whyRefused(t tokens.AccessToken, of refusedSecret) string {
	verdict := tokens.SecretRow{Version: of.version, AccessToken: t}.Resolve(builtInRoles).Verdict(of.at)
	changed := t.UpdatedAt.After(of.at) || t.User.UpdatedAt.After(of.at)
	switch {
	case changed, verdict.Active:
		return "a value that was presented was not active then"
	case verdict.Superseded:
		return "a value that was presented has been superseded"
	}
	return "a value that was presented is not active: the token is " + string(verdict.AccessToken.Status)
}

package service

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// RetirePreviousSecret implements tokens.Backend.
func (b *Backend) RetirePreviousSecret(
	ctx context.Context, id string, expectedVersion int64,
) (tokens.AccessToken, error) {
	about := objectOf(tokens.KindAccessToken, id)
	return change(ctx, b, tokens.ActionAccessTokenRetirePrevious, about, func(o *operation) (tokens.AccessToken, error) {
		t, share, err := o.usableAccessToken(ctx, tokens.OperationRetire, id)
		if err != nil {
			return t, err
		}
		if expectedVersion != 0 && expectedVersion != t.Secret.Version {
			return t, tokens.Conflict("secret_version", id, "the current secret of access token %s is not version %d, so that "+
				"the one before it may be in use; nothing was changed", describe(o.answer(t, share)), expectedVersion).Because(tokens.ReasonVersionMovedOn)
		}
		if t.Previous == nil && o.again {
			return o.answer(t, share), nil
		}
		if !t.Previous.IsLive(o.now) || !t.Secret.EndedAt.IsZero() {
			return t, tokens.Conflict("", id, "access token %s has no previous secret that is still valid: "+
				"there is nothing to retire", describe(o.answer(t, share)))
		}
		after := t
		after.Previous, after.UpdatedAt = nil, o.now
		if err := o.savePreviousSecret(ctx, t, after); err != nil {
			return t, err
		}
		o.readTokenBack(after)
		return o.answer(after, share), o.UpdateAccessToken(ctx, t, after)
	})
}

// savePreviousSecret writes a change to the previous secret of a token that keeps its current one.
func (o *operation) savePreviousSecret(ctx context.Context, before, after tokens.AccessToken) error {
	if after.PreviousSecretExpiresAt().Equal(before.PreviousSecretExpiresAt()) {
		return nil
	}
	if err := o.SetGrace(ctx, before.ID, before.Previous.Version, after.PreviousSecretExpiresAt()); err != nil {
		return err
	}
	if !before.Previous.IsLive(o.now) || after.Previous.IsLive(o.now) {
		return nil
	}
	if err := o.EndSecrets(ctx, before.ID, before.Secret.Version, o.now); err != nil {
		return err
	}
	return o.record(ctx, tokens.ActionAccessTokenRetirePrevious, before.ID, before.Name, retired(*before.Previous, ""))
}

// replaceSecret gives an access token the secret of a regeneration; after already describes it. The secret that it
// replaces stays valid for its grace period, if it has one, and any secret older than that ends.
func (o *operation) replaceSecret(ctx context.Context, before, after tokens.AccessToken, r tokens.Regeneration) error {
	if err := o.checkUnusedSecret(ctx, r.Secret); err != nil {
		return err
	}
	if before.Previous.IsLive(o.now) && before.Secret.EndedAt.IsZero() {
		told := retired(*before.Previous, "by a regeneration within its grace period, since two secrets at most are valid")
		if err := o.record(ctx, tokens.ActionAccessTokenRetirePrevious, before.ID, after.Name, told); err != nil {
			return err
		}
	}
	last := after.Secret.Version
	if after.Previous != nil {
		last = after.Previous.Version
		if err := o.SetGrace(ctx, before.ID, last, after.Previous.EndsAt); err != nil {
			return err
		}
	}
	if err := o.EndSecrets(ctx, before.ID, last, o.now); err != nil {
		return err
	}
	if err := o.InsertSecret(ctx, after.ID, r.Secret.Hash(), after.Secret); err != nil {
		return err
	}
	return o.record(ctx, tokens.ActionAccessTokenRegenerate, after.ID, after.Name, func(e *tokens.Event) {
		e.Detail = fmt.Sprintf("version %d, reason: %s; version %d %s, %s", after.Secret.Version, r.Reason,
			before.Secret.Version, fateOfSuperseded(before, after, o.now), lastUse(before.Secret.LastUsedAt))
		e.Details = tokens.EventDetails{
			Reason: string(r.Reason), SecretVersion: after.Secret.Version, LastUsedAt: before.Secret.LastUsedAt,
			PreviousSecretExpiresAt: after.PreviousSecretExpiresAt(),
		}
	})
}

// fateOfSuperseded describes, for an event, what happens to the secret that a regeneration replaces.
func fateOfSuperseded(before, after tokens.AccessToken, now time.Time) string {
	switch {
	case after.Previous != nil:
		return "stays valid until " + tokens.FormatTimestamp(after.Previous.EndsAt)
	case !before.Secret.EndedAt.IsZero():
		return "was revoked at " + tokens.FormatTimestamp(before.Secret.EndedAt)
	case !before.SecretExpiresAt().IsZero() && !now.Before(before.SecretExpiresAt()):
		return "had expired at " + tokens.FormatTimestamp(before.SecretExpiresAt())
	}
	return "ended at once"
}

// endsGracesEvery is how often a service looks for grace periods that are over. It is the shortest grace period, and so
// little that the order of events still tells the story.
const endsGracesEvery = time.Second

// endsGracesAtOnce is of how many a change writes the ends at most: others wait for it.
const endsGracesAtOnce = 100

// endGraces writes the events of grace periods that are over. No transaction runs at the time when a grace period ends,
// so the first one of any service that looks for it does this.
func (o *operation) endGraces(ctx context.Context) error {
	if !o.backend.graces.isDue(o.now, endsGracesEvery) {
		return nil
	}
	ended, err := o.MarkEndedGraces(ctx, o.now, endsGracesAtOnce)
	if err != nil {
		return err
	}
	if len(ended) < endsGracesAtOnce { // the next change goes on with what is left
		o.chores = append(o.chores, &o.backend.graces)
	}
	o.backend.addWaitingUses(ended)
	for _, e := range ended {
		if err := o.InsertEvent(ctx, graceEnded(e)); err != nil {
			return err
		}
	}
	return nil
}

// endedGraces returns the secrets whose grace is over and not marked as ended, with the uses that wait in memory.
func (s *Service) endedGraces(ctx context.Context, v store.View, now time.Time) ([]store.EndedGrace, error) {
	ended, err := v.EndedGraces(ctx, now)
	s.addWaitingUses(ended)
	return ended, err
}

// addWaitingUses adds to secrets the uses that wait in memory.
func (s *Service) addWaitingUses(ended []store.EndedGrace) {
	for i := range ended {
		of := &ended[i]
		s.uses.each(of.AccessTokenID, func(version int64, last time.Time) {
			if version == of.Secret.Version && last.After(of.Secret.LastUsedAt) {
				of.Secret.LastUsedAt = last
			}
		})
	}
}

// graceEnded returns the event of the end of a grace period. Its identifier is derived, so readers see the same event
// before and after it is written.
func graceEnded(e store.EndedGrace) tokens.Event {
	at, about := e.Secret.EndsAt, object{e.AccessTokenID, e.AccessTokenName}
	ended := event(at, tokens.ActorClock, tokens.ActionAccessTokenRetirePrevious, about)
	retired(e.Secret, "with its grace period")(&ended)
	ended.ID = tokens.DerivedID(tokens.KindEvent, at, fmt.Sprint(e.AccessTokenID, e.Secret.Version))
	return ended
}

// retired tells which secret ended, how, and when it was last used. An empty how means that somebody ended it.
func retired(s tokens.PreviousSecret, how string) fact {
	return func(e *tokens.Event) {
		text := fmt.Sprintf("version %d ended", s.Version)
		if how != "" {
			text += " " + how
		}
		e.Detail = text + ", " + lastUse(s.LastUsedAt)
		e.Details = tokens.EventDetails{SecretVersion: s.Version, LastUsedAt: s.LastUsedAt}
	}
}

// lastUse describes, for an event, when a secret was last used, as far as it is known: a use may still wait in the memory
// of another process.
func lastUse(at time.Time) string {
	if at.IsZero() {
		return "no use recorded"
	}
	return "last used at " + tokens.FormatTimestamp(at)
}

package service

import (
	"context"
	"fmt"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// RetirePreviousSecret implements tokens.Backend.
func (b *Backend) RetirePreviousSecret(ctx context.Context, id string) (tokens.AccessToken, error) {
	return change(ctx, b, tokens.ActionAccessTokenRetirePrevious, objectOf(tokens.KindAccessToken, id), func(o *operation) (tokens.AccessToken, error) {
		t, share, err := o.usableAccessToken(ctx, tokens.OperationRetire, id)
		if err != nil {
			return t, err
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
		return o.answer(after, share), o.UpdateAccessToken(ctx, t, after)
	})
}

// savePreviousSecret writes what became of the previous secret of a token whose current one stays.
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

// replaceSecret gives an access token the secret of the regeneration, which the state after holds already. The one before
// it keeps its grace, where it has any, and what was before that ends.
func (o *operation) replaceSecret(ctx context.Context, before, after tokens.AccessToken, r tokens.Regeneration) error {
	if err := o.checkUnusedSecret(ctx, r.Secret); err != nil {
		return err
	}
	if before.Previous.IsLive(o.now) && before.Secret.EndedAt.IsZero() {
		detail := retired(*before.Previous, "by a regeneration within its grace period, since two secrets at most are valid")
		if err := o.record(ctx, tokens.ActionAccessTokenRetirePrevious, before.ID, after.Name, detail); err != nil {
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
	detail := fmt.Sprintf("version %d, reason: %s; version %d %s, %s", after.Secret.Version, r.Reason, before.Secret.Version, fateOfSuperseded(before, after, o.now), lastUse(before.Secret.LastUsedAt))
	return o.record(ctx, tokens.ActionAccessTokenRegenerate, after.ID, after.Name, detail)
}

// fateOfSuperseded says in an event what becomes of the secret that a regeneration replaces.
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

// endGraces marks the secrets whose grace is over. No transaction takes place at the moment when that happens, so that the
// first one after it does.
func (o *operation) endGraces(ctx context.Context) error {
	ended, err := o.EndedGraces(ctx, o.now)
	if err != nil || len(ended) == 0 {
		return err
	}
	for _, e := range ended {
		if err := o.InsertEvent(ctx, graceEnded(e)); err != nil {
			return err
		}
	}
	return o.MarkEndedGraces(ctx, o.now)
}

// graceEnded is the event of the end of a grace. It is the same whenever it is told, as long as the secret is not used.
func graceEnded(e store.EndedGrace) tokens.Event {
	about := object{e.AccessTokenID, e.AccessTokenName}
	told := event(e.Secret.EndsAt, tokens.ActorClock, tokens.ActionAccessTokenRetirePrevious, about, tokens.OutcomeDone, retired(e.Secret, "with its grace period"))
	told.ID = tokens.DerivedID(tokens.KindEvent, e.Secret.EndsAt, fmt.Sprint(e.AccessTokenID, e.Secret.Version))
	return told
}

// retired says in an event which secret ended, how (empty for at once) and when it was last used.
func retired(s tokens.PreviousSecret, how string) string {
	text := fmt.Sprintf("version %d ended", s.Version)
	if how != "" {
		text += " " + how
	}
	return text + ", " + lastUse(s.LastUsedAt)
}

// lastUse says in an event when a secret was last used.
func lastUse(at time.Time) string {
	if at.IsZero() {
		return "never used"
	}
	return "last used at " + tokens.FormatTimestamp(at)
}

package store

import (
	"context"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// selectAlike counts the access tokens of which the same is true.
const selectAlike = `SELECT t.held_by IS NOT NULL, t.enabled, coalesce(u.enabled, TRUE), s.ended_at IS NOT NULL,
	coalesce(t.secret_ends_at <= $1, 1 = 0), coalesce(t.activates_at > $1, 1 = 0), count(*)
	FROM access_tokens t
	LEFT JOIN technical_users u ON u.id = t.technical_user_id
	JOIN secrets s ON s.access_token_id = t.id AND s.version = t.secret_version
	GROUP BY 1, 2, 3, 4, 5, 6`

// AlikeTokens is a number of access tokens that have the same status, whatever that is.
type AlikeTokens struct {
	// Like has of these tokens what makes their status, and nothing else.
	Like   tokens.AccessToken
	Number int64
}

// AlikeTokens counts all access tokens as of a time. It takes a look at each, but no memory.
func (v View) AlikeTokens(ctx context.Context, now time.Time) ([]AlikeTokens, error) {
	return list(ctx, v.q, func(row scanner) (a AlikeTokens, err error) {
		var held, ended, expired, pending bool
		t := &a.Like
		err = row.Scan(boolean{&held}, boolean{&t.Enabled}, boolean{&t.User.Enabled}, boolean{&ended}, boolean{&expired},
			boolean{&pending}, count{&a.Number})
		if held {
			t.Held = &tokens.Stop{}
		}
		if ended {
			t.Secret.EndedAt = now
		}
		if expired {
			t.ExpiresAt = now
		}
		if pending {
			t.ActivatesAt = now.Add(time.Microsecond)
		}
		return a, checkedRow("", "", err)
	}, selectAlike, microseconds(now))
}

package verify_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/verify"
)

// rows answers every look-up with one row.
type rows struct {
	row   tokens.SecretRow
	found bool
	err   error
	asked tokens.SecretHash
}

func (r *rows) Secret(
	_ context.Context, hash tokens.SecretHash,
) (verify.Found, bool, error) {
	r.asked = hash
	return verify.Found{SecretRow: r.row, Roles: tokens.NewRoles(nil)}, r.found, r.err
}

func TestValue(t *testing.T) {
	secret, other := newSecret(t), newSecret(t)
	now := time.Date(2030, time.June, 1, 12, 0, 0, 0, time.UTC)
	token := tokens.AccessToken{
		ID:       tokens.NewID(tokens.KindAccessToken, now),
		Settings: tokens.Settings{Enabled: true},
		User:     tokens.TechnicalUser{TechnicalUserSettings: tokens.TechnicalUserSettings{Enabled: true}},
		Secret:   tokens.SecretState{Version: 7, CreatedAt: now},
	}
	row := tokens.SecretRow{Hash: secret.Hash(), Version: 7, AccessToken: token}
	broken := errors.New("the disk is gone")
	for _, test := range []struct {
		name string
		rows rows
		ok   bool
		err  error
	}{
		{name: "known", rows: rows{row: row, found: true}, ok: true},
		{name: "unknown", rows: rows{row: row}},
		{name: "another's row", rows: rows{row: tokens.SecretRow{Hash: other.Hash(), AccessToken: token}, found: true}},
		{name: "no answer", rows: rows{row: row, found: true, err: broken}, err: broken},
	} {
		t.Run(test.name, func(t *testing.T) {
			known, ok, err := verify.Value(t.Context(), &test.rows, secret)
			if ok != test.ok || !errors.Is(err, test.err) {
				t.Fatalf("got %t, %v; want %t, %v", ok, err, test.ok, test.err)
			}
			if test.rows.asked != secret.Hash() {
				t.Error("another hash was looked up")
			}
			if ok && (known.Version() != 7 || !known.Verdict(now).Active) {
				t.Errorf("version %d is %+v", known.Version(), known.Verdict(now))
			}
		})
	}
}

func newSecret(t *testing.T) tokens.Secret {
	t.Helper()
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

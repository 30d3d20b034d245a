package tokens_test

import (
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// The end of an ephemeral token lies within a day of its creation, to the microsecond.
func TestEphemeralEnd(t *testing.T) {
	now := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	user := tokens.NewID(tokens.KindTechnicalUser, now)
	for name, test := range map[string]struct {
		end   time.Time
		field string
	}{
		"soon":       {now.Add(time.Microsecond), ""},
		"a day":      {now.Add(tokens.MaxEphemeralLife), ""},
		"too late":   {now.Add(tokens.MaxEphemeralLife + time.Microsecond), "expires_at"},
		"has passed": {now, "expires_at"},
		"never":      {time.Time{}, "expires_at"},
	} {
		t.Run(name, func(t *testing.T) {
			err := tokens.NewAccessToken{
				NewSecretFor:    tokens.NewSecretFor{Request: tokens.NewRequest(now), Secret: secret},
				TechnicalUserID: user, Ephemeral: true,
				Settings: tokens.Settings{Name: "run", Enabled: true, ExpiresAt: test.end},
			}.Validate(now)
			if field := fieldOf(err); field != test.field || (err == nil) != (test.field == "") {
				t.Errorf("got %v, want an error at %q", err, test.field)
			}

			made := tokens.AccessToken{
				Ephemeral: true, CreatedAt: now, Secret: tokens.SecretState{Version: 1, CreatedAt: now},
				Settings: tokens.Settings{
					Name: "run", Enabled: true, Visibility: tokens.VisibilityOrganization, ExpiresAt: now.Add(time.Hour),
				},
			}
			_, err = made.Updated(tokens.AccessTokenUpdate{
				Settings: tokens.Settings{ExpiresAt: test.end}, Fields: tokens.Fields{"expires_at"},
			}, "anna", now)
			if field := fieldOf(err); field != test.field {
				t.Errorf("moved: got %v, want an error at %q", err, test.field)
			}
		})
	}
}

func fieldOf(err error) string {
	if e, ok := err.(*tokens.Error); ok { //nolint:errorlint // the rules wrap nothing
		return e.Field
	}
	return ""
}

// An account deletes the ephemeral tokens that it made, with what making one takes, and no others.
func TestDeletionOfEphemeralTokens(t *testing.T) {
	roles := tokens.NewRoles(nil)
	writer := tokens.Access{Groups: map[string]tokens.Permissions{"grp": {tokens.PermissionWriteTokens}}}
	anna := tokens.Caller{AccountID: "anna", Name: "anna", Access: writer}
	narrowed := anna
	narrowed.Credential = &tokens.Credential{Own: &tokens.Access{}}
	for name, test := range map[string]struct {
		caller    tokens.Caller
		creator   string
		ephemeral bool
		allowed   bool
	}{
		"one's own":                   {anna, "anna", true, true},
		"somebody else's":             {anna, "ben", true, false},
		"the database owner's":        {anna, "", true, false},
		"a lasting one":               {anna, "anna", false, false},
		"by a token that is narrowed": {narrowed, "anna", true, false},
		"without an account":          {tokens.Caller{Access: writer}, "", true, false},
	} {
		token := tokens.AccessToken{ID: "tok", CreatorID: test.creator, Ephemeral: test.ephemeral,
			User: tokens.TechnicalUser{ID: "tus", GroupID: "grp"}}
		if err := test.caller.MayUse(tokens.OperationDelete, token, "", roles); (err == nil) != test.allowed {
			t.Errorf("%s: %v", name, err)
		}
		if err := test.caller.MayUse(tokens.OperationRegenerate, token, "", roles); err == nil {
			t.Errorf("%s: it may be regenerated", name)
		}
	}
}

// Ephemeral tokens are selected by their identifier or on request alone.
func TestEphemeralTokensAreLeftOut(t *testing.T) {
	now := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	token := &tokens.AccessToken{ID: "tok", Ephemeral: true}
	for _, test := range []struct {
		query tokens.TokenQuery
		want  bool
	}{
		{tokens.TokenQuery{}, false}, {tokens.TokenQuery{Ephemeral: true}, true}, {tokens.TokenQuery{ID: "tok"}, true},
		{tokens.TokenQuery{IDPrefix: "tok"}, false},
	} {
		if got := test.query.Selects(token, now); got != test.want {
			t.Errorf("%+v: %t", test.query, got)
		}
	}
}

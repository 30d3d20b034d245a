package acceptance

import (
	"fmt"
	"testing"
	"time"
)

// wayOut is a remedy that an error names.
type wayOut struct {
	name string
	// settings are the token's settings from then on; works checks whether that helped.
	settings string
	works    func(w *workspace, before tokenState)
}

// TestErrorPolicies checks that on_expired and on_secret_drift stop a plan, an apply and a destroy, and that nothing
// changes. Then it tries each way out that the error names, each in a copy of the directory.
func TestErrorPolicies(t *testing.T) {
	const generation = "regenerate_triggers = { generation = \"1\" }\n"
	for _, test := range []struct {
		name     string
		settings string
		apply    func(w *workspace, settings string)
		stop     func(w *workspace, id string)
		says     []string
		waysOut  []wayOut
	}{
		{
			name:     "expired by ttl",
			settings: generation + `ttl = "1s"` + "\n" + `on_expired = "error"`,
			apply:    applyDeploy,
			stop:     waitUntilExpired,
			says: []string{"Access token has expired", `on_expired is "error"`,
				"change a value in regenerate_triggers", `set on_expired to "regenerate"`, `or set on_expired to "ignore"`,
				"remove its block", "use -refresh=false"},
			waysOut: []wayOut{
				{"regenerate", generation + `ttl = "1s"` + "\n" + `on_expired = "regenerate"`, regeneratesBecause("expired")},
				{"trigger", `regenerate_triggers = { generation = "2" }` + "\n" + `ttl = "1s"` + "\n" + `on_expired = "error"`,
					regeneratesBecause("trigger")},
				{"another policy", generation + `ttl = "1s"` + "\n" + `on_expired = "ignore"`, toleratesExpiry},
			},
		},
		{
			name:     "expired by expires_at",
			settings: `on_expired = "error"`,
			apply:    applySoonExpiring,
			stop:     waitUntilExpired,
			says: []string{"Access token has expired", `on_expired is "error"`,
				"set a later expires_at", `or set on_expired to "ignore"`, "remove its block", "use -refresh=false"},
			waysOut: []wayOut{
				{"later", `expires_at = "2100-01-01T00:00:00Z"` + "\n" + `on_expired = "error"`, keepsSecret},
			},
		},
		{
			name:     "drift",
			settings: generation + `on_secret_drift = "error"`,
			apply:    applyDeploy,
			stop:     func(w *workspace, id string) { w.latchkey("token", "regenerate", id).exits(0) },
			says: []string{"Secret was changed outside Terraform", "the state has secret version 1, the backend version 2",
				`on_secret_drift is "error"`,
				`set on_secret_drift to "regenerate"`, `or to "accept"`, "remove its block", "use -refresh=false"},
			waysOut: []wayOut{
				{"regenerate", generation + `on_secret_drift = "regenerate"`, regeneratesDrifted},
				{"accept", generation + `on_secret_drift = "accept"`, acceptsDrift},
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorkspace(t)
			test.apply(w, test.settings)
			before := w.deploy()
			test.stop(w, before.ID)
			known := w.tokenList()[before.ID]
			for _, command := range []string{"plan", "apply", "destroy"} {
				w.terraform(command).exits(1).says(test.says...).says(before.ID)
			}
			if now := w.tokenList()[before.ID]; now.SecretVersion != known.SecretVersion || w.deploy().Token != before.Token {
				t.Errorf("the tokens changed: got %v, want %v", now, known)
			}
			for _, way := range test.waysOut {
				t.Run(way.name, func(t *testing.T) {
					w := w.copied(t)
					w.configure(deployToken(way.settings))
					way.works(w, before)
				})
			}
			t.Run("block removed", func(t *testing.T) {
				w := w.copied(t)
				w.configure("")
				w.terraform("apply").exits(0).says("0 added, 0 changed, 1 destroyed")
				if left := w.tokenList(); len(left) > 0 {
					t.Errorf("still in the database: %v", left)
				}
			})
			t.Run("no refresh", func(t *testing.T) {
				w := w.copied(t)
				w.terraform("plan", "-detailed-exitcode", "-refresh=false").exits(0)
				w.write("more.tf", `resource "latchkey_group" "team" { name = "payments" }`)
				w.terraform("apply", "-refresh=false").exits(0).says("1 added, 0 changed, 0 destroyed")
				if now := w.deploy(); now.Token != before.Token || now.SecretVersion != before.SecretVersion {
					t.Errorf("the token changed since it was last seen: version %d", now.SecretVersion)
				}
				w.terraform("destroy", "-refresh=false").exits(0).says("2 destroyed")
			})
		})
	}
}

// applyDeploy creates the token with the settings.
func applyDeploy(w *workspace, settings string) {
	w.t.Helper()
	w.configure(deployToken(settings))
	w.terraform("apply").exits(0)
}

// applySoonExpiring creates the token with the settings and an expiry in the near future. On a slow machine, that time
// may pass before the token exists; it then tries again with more time.
func applySoonExpiring(w *workspace, settings string) {
	w.t.Helper()
	for soon := 3 * time.Second; soon < time.Minute; soon *= 2 {
		w.configure(deployToken(fmt.Sprintf("%s\nexpires_at = %q", settings,
			time.Now().Add(soon).UTC().Format(time.RFC3339))))
		if w.terraform("apply").code == 0 {
			return
		}
	}
	w.t.Fatal("could not create a token that expires soon")
}

// waitUntilExpired waits until the command line says that the token has expired.
func waitUntilExpired(w *workspace, id string) {
	w.t.Helper()
	waitUntil(w.t, id+" has expired", func() bool {
		var token tokenState
		decode(w.t, w.latchkey("token", "show", id, "--json").exits(0).stdout, &token)
		return token.Status == "expired"
	})
}

// regeneratesBecause applies and checks that the token got a new secret for the reason.
func regeneratesBecause(reason string) func(*workspace, tokenState) {
	return func(w *workspace, before tokenState) {
		w.t.Helper()
		w.terraform("apply").exits(0).says("0 added, 1 changed, 0 destroyed")
		after := w.deploy()
		if after.ID != before.ID || after.SecretVersion != 2 || after.RegenerationReason != reason ||
			after.Status != "active" {
			w.t.Errorf("the token was not regenerated: %s with version %d, reason %q, is %s", after.ID, after.SecretVersion,
				after.RegenerationReason, after.Status)
		}
	}
}

// toleratesExpiry applies, checks that the token stays expired, and destroys it.
func toleratesExpiry(w *workspace, _ tokenState) {
	w.t.Helper()
	w.terraform("apply").exits(0).says("0 added, 1 changed, 0 destroyed", "Access token has expired")
	w.terraform("plan", "-detailed-exitcode").exits(0).says("Access token has expired")
	w.terraform("destroy").exits(0).says("1 destroyed")
}

// keepsSecret applies and checks that the earlier secret works again.
func keepsSecret(w *workspace, before tokenState) {
	w.t.Helper()
	w.terraform("apply").exits(0).says("0 added, 1 changed, 0 destroyed")
	w.terraform("plan", "-detailed-exitcode").exits(0)
	if after := w.deploy(); after.Token != before.Token || !w.isActive(before.Token) {
		w.t.Error("the earlier value should be active")
	}
}

// regeneratesDrifted applies and checks that the state holds the active value.
func regeneratesDrifted(w *workspace, before tokenState) {
	w.t.Helper()
	w.terraform("apply").exits(0).says("0 added, 1 changed, 0 destroyed")
	w.terraform("plan", "-detailed-exitcode").exits(0)
	after := w.deploy()
	if after.ID != before.ID || after.SecretVersion != 3 || after.RegenerationReason != "drift" ||
		!w.isActive(after.Token) {
		w.t.Errorf("the token was not regenerated: version %d, reason %q", after.SecretVersion, after.RegenerationReason)
	}
}

// acceptsDrift applies and checks that the state forgets the earlier value and that the new secret is left alone.
func acceptsDrift(w *workspace, before tokenState) {
	w.t.Helper()
	w.terraform("apply").exits(0).says("0 added, 1 changed, 0 destroyed", "sets token to null")
	w.terraform("plan", "-detailed-exitcode").exits(0)
	after := w.deploy()
	if after.Token != "" || after.SecretVersion != 2 || after.Status != "active" || w.isActive(before.Token) {
		w.t.Errorf("the other secret should be left alone: version %d, status %s, a value in the state: %t",
			after.SecretVersion, after.Status, after.Token != "")
	}
	w.terraform("destroy").exits(0).says("1 destroyed")
}

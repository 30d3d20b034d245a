package backendtest

import (
	"slices"

	"pgregory.net/rapid"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// obtained is a secret that a member obtained.
type obtained struct {
	tokens.Secret
	by string
}

// obtain notes that an actor has a secret. The owner of the database may have any.
func (o *organization) obtain(actor string, secret tokens.Secret) {
	if actor != "" {
		o.secrets = append(o.secrets, obtained{secret, actor})
	}
}

// held is a permission at a level.
type held struct{ level, permission string }

// noteHeld adds what is held at each level.
func (o *organization) noteHeld(what power, in map[held]bool) {
	for _, level := range o.rules.levels {
		for _, permission := range everyPermission {
			if what(level, permission) {
				in[held{level, permission}] = true
			}
		}
	}
}

// opens returns what the value of a secret opens while nothing stops its token; nil if it is none any more.
func (o *organization) opens(secret tokens.Secret, roles tokens.Roles) map[held]bool {
	v := o.verify(secret)
	if v.AccessToken == nil || v.Superseded {
		return nil
	}
	opened, access := map[held]bool{}, v.AccessToken.Access(roles)
	o.noteHeld(func(level, permission string) bool { return access.At(level).Allows(permission) }, opened)
	return opened
}

// widening are the actions that may add to what a secret opens.
var widening = []string{"change a role", "set the roles of a technical user", "set the roles of a token"}

// testSecretsOpenNoMore lets everyone, the powerful and the weak, make, change, rename and delete things, and make them
// again under the same names. No member ever has a secret that opens something of Latchkey's own that was forbidden to
// the member at the time, unless somebody who held that added it later, by an action that is there to add it.
func testSecretsOpenNoMore(w *world) {
	o := newOrganization(w)
	rapid.Check(w.T, func(t *rapid.T) {
		defer o.end()
		o.begin(t)
		before := map[string]map[held]bool{} // what each secret opened, by the secret's hash
		actions := map[string]func(*rapid.T){}
		for name, action := range o.actionsOf() {
			actions[name] = func(t *rapid.T) {
				actor := rapid.SampledFrom(append([]string{""}, emails...)).Draw(t, "actor")
				could := map[held]bool{}
				o.noteHeld(o.rules.of(actor), could)
				defer func() { // also where the action skips itself
					roles := tokens.NewRoles(must(o.Roles(o.Context()))(o.world))
					for _, secret := range o.secrets {
						hash := secret.Hash().String()
						last, known := before[hash]
						now := o.opens(secret.Secret, roles)
						for gained := range now {
							has := func(set map[held]bool) bool { return set[gained] || set[held{"", gained.permission}] }
							switch {
							case known && has(last):
							case known && !slices.Contains(widening, name):
								t.Errorf("%s by %q: a secret of %s opens more now: %v", name, actor, secret.by, gained)
							case reserved(gained.permission) && !has(could):
								t.Errorf("%s by %q, who doesn't hold %v: a secret of %s opens it now", name, actor, gained, secret.by)
							}
						}
						before[hash] = now
					}
				}()
				action(t, actor)
			}
		}
		t.Repeat(actions)
	})
}

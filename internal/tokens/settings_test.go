package tokens_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// different returns a value of a type other than the given one.
func different(t *testing.T, v reflect.Value) reflect.Value {
	t.Helper()
	other := reflect.New(v.Type()).Elem()
	switch x := v.Interface().(type) {
	case time.Time:
		other.Set(reflect.ValueOf(x.AddDate(3000, 0, 0))) // far from now, so that nothing ends
		return other
	case []tokens.GroupRole:
		other.Set(reflect.ValueOf(append(slices.Clone(x), tokens.GroupRole{GroupID: groupB, Role: tokens.RoleViewer})))
		return other
	}
	switch v.Kind() {
	case reflect.String:
		other.SetString(v.String() + "x")
	case reflect.Bool:
		other.SetBool(!v.Bool())
	case reflect.Int64:
		other.SetInt(v.Int() + int64(30*day))
	case reflect.Slice:
		other.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
	case reflect.Struct: // a setting of several parts: the first of them differs
		other.Set(v)
		other.Field(0).Set(different(t, v.Field(0)))
	default:
		t.Fatalf("the test has no other value of %s: add one", v.Type())
	}
	return other
}

// leaves calls fn with each field of a struct that holds no further fields to set one by one.
func leaves(v reflect.Value, path string, fn func(path string, field reflect.Value)) {
	for i := range v.NumField() {
		field, kind := v.Field(i), v.Type().Field(i)
		_, named := kind.Tag.Lookup("setting")
		if !named && field.Kind() == reflect.Struct && kind.Type != reflect.TypeFor[time.Time]() {
			leaves(field, path+kind.Name+".", fn)
			continue
		}
		fn(path+kind.Name, field)
	}
}

// alterations returns, for each field of a struct, the struct with another value of that field alone.
func alterations[S any](t *testing.T, s S) map[string]S {
	t.Helper()
	altered := map[string]S{}
	leaves(reflect.ValueOf(&s).Elem(), "", func(path string, field reflect.Value) {
		kept := reflect.New(field.Type()).Elem()
		kept.Set(field)
		field.Set(different(t, kept))
		altered[path] = s
		field.Set(kept)
	})
	return altered
}

// Whoever may only read a token changes none of its settings; an editor changes those that are sorted as edits, and no
// other. The list is written by hand: a new setting fails here until somebody decides where it belongs.
func TestEverySettingNeedsAPermission(t *testing.T) {
	edits := []string{
		"Name", "Description", "Own.Role", "Own.GroupRoles", "ActivatesAt", "ExpiresAt", "TTL",
		"Policies.RegenerateBeforeExpiry",
		"Policies.OnExpired", "Policies.OnSecretDrift", "Policies.Grace", "Policies.ProtectIfUsedWithin",
	}
	manages := []string{"Visibility", "Enabled"}
	roles := tokens.NewRoles(nil)
	before := activeToken()
	before.User.GroupID, before.User.Role = groupA, tokens.RoleNone
	before.ActivatesAt = now.Add(day) // nothing works within the hour, so no edit ends or narrows it
	seen := map[string]bool{}
	for path, settings := range alterations(t, before.Settings) {
		seen[path] = true
		if !slices.Contains(edits, path) && !slices.Contains(manages, path) {
			t.Errorf("setting %s: this test doesn't say who may change it", path)
		}
		after := before
		after.Settings = settings
		update := tokens.AccessTokenUpdate{Settings: settings, Fields: tokens.Difference(before.Settings, settings)}
		for _, by := range []struct {
			name    string
			caller  tokens.Caller
			share   string
			allowed bool
		}{
			{name: "a reader", caller: caller("", "tokens:read", "")},
			{name: "a viewer by a share", caller: caller("", "", ""), share: tokens.ShareViewer},
			{name: "a writer", caller: caller("", "tokens:write tokens:read accounts:manage", ""),
				allowed: slices.Contains(edits, path)},
			{name: "an editor by a share", caller: caller("api:*", "", ""), share: tokens.ShareEditor,
				allowed: slices.Contains(edits, path)},
			{name: "a manager", caller: caller("*", "", ""), allowed: true},
		} {
			err := by.caller.MayUpdate(before, after, update, by.share, roles, now)
			if (err == nil) != by.allowed {
				t.Errorf("%s changes %s: %v, want allowed: %t", by.name, path, err, by.allowed)
			}
		}
	}
	for _, path := range slices.Concat(edits, manages) {
		if !seen[path] {
			t.Errorf("there is no setting %s", path)
		}
	}
}

// The list is written by hand, as the one that it checks: each setting is changed by the operation that somebody chose.
func TestSettingsAreSorted(t *testing.T) {
	want := map[string]tokens.TokenOperation{"visibility": tokens.OperationSetVisible, "enabled": tokens.OperationEnable}
	for _, setting := range []string{
		"name", "description", "role", "group_roles", "activates_at", "expires_at", "ttl", "regenerate_before_expiry",
		"on_expired", "on_secret_drift", "grace_period", "protect_if_used_within",
	} {
		want[setting] = tokens.OperationEdit
	}
	for _, setting := range tokens.FieldsOf[tokens.Settings]() {
		if got := tokens.OperationFor(setting); got != want[setting] {
			t.Errorf("setting %s is changed by the operation %q, want %q", setting, got, want[setting])
		}
	}
}

// extended are settings with one that somebody added, and sorted nowhere.
type extended struct {
	tokens.Settings
	Contact string
}

// A setting that is added and sorted nowhere counts all the same, and asks for the most.
func TestUnsortedSettingFailsClosed(t *testing.T) {
	before, after := extended{Settings: activeToken().Settings}, extended{Settings: activeToken().Settings, Contact: "ops"}
	changed := tokens.Difference(before, after)
	if !slices.Equal(changed, tokens.Fields{"Contact"}) {
		t.Fatalf("the difference is %q, want the setting that was added", changed)
	}
	if tokens.Digest(before) == tokens.Digest(after) {
		t.Error("a request with another value of the setting has the same digest")
	}
	op := tokens.OperationFor(changed[0])
	if op != tokens.OperationConfigure {
		t.Errorf("the setting is changed by the operation %q", op)
	}
	token := activeToken()
	token.User.GroupID, token.User.Role = groupA, tokens.RoleNone
	for _, by := range []struct {
		name    string
		caller  tokens.Caller
		share   string
		allowed bool
	}{
		{name: "a writer", caller: caller("", "tokens:read tokens:write", "")},
		{name: "an editor by a share", caller: caller("", "", ""), share: tokens.ShareEditor},
		{name: "a manager by a share", caller: caller("api:*", "", ""), share: tokens.ShareManager, allowed: true},
		{name: "one who manages tokens", caller: caller("", "tokens:manage", ""), allowed: true},
	} {
		if err := by.caller.MayUse(op, token, by.share, tokens.NewRoles(nil)); (err == nil) != by.allowed {
			t.Errorf("%s changes an unsorted setting: %v, want allowed: %t", by.name, err, by.allowed)
		}
	}
}

// What holds a reserved permission that the caller lacks is out of its reach, by an unsorted setting, too.
func TestUnsortedSettingOfPowerfulToken(t *testing.T) {
	token := activeToken()
	token.User.GroupID, token.User.Role = groupA, tokens.RoleOwner
	manager := caller("", "tokens:manage", "")
	err := manager.MayUse(tokens.OperationConfigure, token, tokens.ShareManager, tokens.NewRoles(nil))
	if tokens.ErrorCode(err) != tokens.CodeForbidden {
		t.Errorf("one who manages tokens changes an owner's: %v", err)
	}
}

// An operation without a rule of its own needs as much as any.
func TestUnknownOperationFailsClosed(t *testing.T) {
	token := activeToken()
	token.User.GroupID, token.User.Role = groupA, tokens.RoleNone
	roles := tokens.NewRoles(nil)
	writer := caller("", "tokens:read tokens:write", "")
	if err := writer.MayUse("paint", token, tokens.ShareEditor, roles); tokens.ErrorCode(err) != tokens.CodeForbidden {
		t.Errorf("an editor may do what no rule names: %v", err)
	}
	if err := caller("", "tokens:manage", "").MayUse("paint", token, "", roles); err != nil {
		t.Errorf("one who manages tokens may not: %v", err)
	}
}

// Each field of every type of settings is seen in a difference by its name, changed by an update that names it and left
// alone by one that doesn't.
func TestDifferenceSeesEveryField(t *testing.T) {
	t.Run("token", func(t *testing.T) { differenceSeesEveryField(t, activeToken().Settings) })
	t.Run("technical user", func(t *testing.T) { differenceSeesEveryField(t, tokens.TechnicalUserSettings{}) })
	t.Run("member", func(t *testing.T) { differenceSeesEveryField(t, tokens.MemberSettings{}) })
	t.Run("group", func(t *testing.T) { differenceSeesEveryField(t, tokens.GroupSettings{}) })
	t.Run("role", func(t *testing.T) { differenceSeesEveryField(t, tokens.RoleSettings{}) })
}

func differenceSeesEveryField[S any](t *testing.T, before S) {
	names := map[string]string{}
	for path, after := range alterations(t, before) {
		changed := tokens.Difference(before, after)
		if len(changed) != 1 {
			t.Errorf("%s: the difference is %q, want one name", path, changed)
			continue
		}
		if other, taken := names[changed[0]]; taken {
			t.Errorf("%s and %s are both called %s", path, other, changed[0])
		}
		names[changed[0]] = path
		if got := tokens.Difference(after, after); got != nil {
			t.Errorf("%s: a value differs from itself in %q", path, got)
		}
		if tokens.Digest(before) == tokens.Digest(after) {
			t.Errorf("%s: both values have the same digest", path)
		}
		if diff := tokens.Difference(after, applied(t, tokens.Updating(before, after), before)); diff != nil {
			t.Errorf("%s: the update leaves %q as it was", path, diff)
		}
		if diff := tokens.Difference(before, applied(t, tokens.Update[S]{Settings: after}, before)); diff != nil {
			t.Errorf("%s: an update that names nothing changes %q", path, diff)
		}
	}
	if len(names) == 0 {
		t.Error("there are no fields")
	}
}

// applied returns settings after an update.
func applied[S any](t *testing.T, update tokens.Update[S], to S) S {
	t.Helper()
	after, err := update.Apply(to)
	if err != nil {
		t.Fatal(err)
	}
	return after
}

// Values that mean the same are no difference, and have the same digest.
func TestEqualSettings(t *testing.T) {
	elsewhere := now.In(time.FixedZone("", 3600))
	roles := []tokens.GroupRole{{GroupID: groupA, Role: "viewer"}, {GroupID: groupB, Role: "member"}}
	a := tokens.Settings{ExpiresAt: now, Own: tokens.Grants{GroupRoles: roles}}
	b := tokens.Settings{ExpiresAt: elsewhere, Own: tokens.Grants{GroupRoles: []tokens.GroupRole{roles[1], roles[0]}}}
	if diff := tokens.Difference(a, b); diff != nil || tokens.Digest(a) != tokens.Digest(b) {
		t.Errorf("equal settings differ in %q, or have other digests", diff)
	}
	none, empty := tokens.Settings{}, tokens.Settings{Own: tokens.Grants{GroupRoles: []tokens.GroupRole{}}}
	if diff := tokens.Difference(none, empty); !slices.Equal(diff, tokens.Fields{"group_roles"}) ||
		tokens.Digest(none) == tokens.Digest(empty) {
		t.Errorf("no roles in groups and an empty set of them differ in %q, want group_roles", diff)
	}
}

func TestUpdateOfUnknownSetting(t *testing.T) {
	before := activeToken()
	_, err := before.Updated(tokens.AccessTokenUpdate{Fields: tokens.Fields{"colour"}}, actor, now)
	wantInvalid(t, "", err)
	secret := parseSecret(t, acmeValue).Reveal()
	_, err = before.Updated(tokens.AccessTokenUpdate{Fields: tokens.Fields{secret}}, actor, now)
	if wantInvalid(t, "", err); strings.Contains(err.Error(), secret) {
		t.Error("the error repeats a value that stood in place of a setting")
	}
}

// A digest covers every field of every creation but its request id, and the hash of a secret in place of its value.
func TestDigestCoversEveryField(t *testing.T) {
	t.Run("group", func(t *testing.T) { digestCoversEveryField(t, tokens.NewGroup{}) })
	t.Run("role", func(t *testing.T) { digestCoversEveryField(t, tokens.NewRole{}) })
	t.Run("member", func(t *testing.T) { digestCoversEveryField(t, tokens.NewMember{}) })
	t.Run("technical user", func(t *testing.T) { digestCoversEveryField(t, tokens.NewTechnicalUser{}) })
	t.Run("token share", func(t *testing.T) { digestCoversEveryField(t, tokens.NewTokenShare{}) })
	n := tokens.NewAccessToken{NewSecretFor: newSecret(t)}
	digest := tokens.Digest(n)
	another := n
	another.Request = tokens.NewRequest(now)
	if tokens.Digest(another) != digest {
		t.Error("the digest depends on the request id")
	}
	another.Secret = parseSecret(t, zeroValue)
	if tokens.Digest(another) == digest {
		t.Error("the digest doesn't depend on the secret")
	}
	for path, settings := range alterations(t, n.Settings) {
		another := n
		another.Settings = settings
		if tokens.Digest(another) == digest {
			t.Errorf("the digest doesn't depend on %s", path)
		}
		update := tokens.AccessTokenUpdate{Fields: tokens.Difference(n.Settings, settings),
			Regeneration: &tokens.Regeneration{NewSecretFor: n.NewSecretFor}}
		altered := update
		altered.Settings = settings
		if update.Digest(tokenID) == altered.Digest(tokenID) {
			t.Errorf("the digest of an update doesn't depend on %s", path)
		}
		if altered.Fields = nil; altered.Digest(tokenID) != (tokens.AccessTokenUpdate{
			Regeneration: update.Regeneration,
		}).Digest(tokenID) {
			t.Errorf("the digest of an update depends on %s, which it doesn't set", path)
		}
	}
}

// A request from before a field came has the digest that it had.
func TestDigestOfEarlierRequest(t *testing.T) {
	n := tokens.NewAccessToken{
		NewSecretFor: newSecret(t), TechnicalUserID: "tu_1", GroupID: "grp_1", Settings: tokens.Settings{Name: "ci"},
	}
	before := struct {
		NewSecretFor    tokens.NewSecretFor
		TechnicalUserID string
		GroupID         string
		MemberID        string
		Settings        tokens.Settings
	}{n.NewSecretFor, n.TechnicalUserID, n.GroupID, n.MemberID, n.Settings}
	if tokens.Digest(n) != tokens.Digest(before) {
		t.Error("a field that is not set changes the digest")
	}
	n.Ephemeral = true
	if tokens.Digest(n) == tokens.Digest(before) {
		t.Error("a field that is set doesn't")
	}
}

func digestCoversEveryField[N any](t *testing.T, n N) {
	for path, altered := range alterations(t, n) {
		if covered := tokens.Digest(altered) != tokens.Digest(n); covered != (path != "Request.RequestID") {
			t.Errorf("%s is covered: %t", path, covered)
		}
	}
}

// Example of what an event says of an update.
func ExampleDifference() {
	before := tokens.Settings{Name: "deploy", TTL: time.Hour}
	after := tokens.Settings{Name: "release", TTL: 2 * time.Hour}
	fmt.Println(tokens.Difference(before, after))
	// Output: name, ttl
}

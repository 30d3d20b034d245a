package tokens_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// set creates permissions from words.
func set(words string) tokens.Permissions { return tokens.NewPermissions(strings.Fields(words)...) }

func TestPermissions(t *testing.T) {
	for _, test := range []struct{ a, b, and, within, without string }{
		{"", "", "", "", ""},
		{"orders:read", "", "orders:read", "", "orders:read"},
		{"orders:read", "orders:read", "orders:read", "orders:read", ""},
		{"orders:read", "orders:write", "orders:read orders:write", "", "orders:read"},
		{"orders:*", "orders:read", "orders:*", "orders:read", "orders:*"},
		{"orders:read", "orders:*", "orders:*", "orders:read", ""},
		{"orders:*", "stock:*", "orders:* stock:*", "", "orders:*"},
		{"*", "orders:*", "*", "orders:*", "*"},
		{"orders:* stock:read", "*", "*", "orders:* stock:read", ""},
		{"orders:* stock:read", "orders:read stock:*", "orders:* stock:*", "orders:read stock:read", "orders:*"},
		{"*", "*", "*", "*", ""},
	} {
		a, b := set(test.a), set(test.b)
		for name, result := range map[string]struct {
			got  tokens.Permissions
			want string
		}{"and": {a.And(b), test.and}, "within": {a.Within(b), test.within}, "without": {a.Without(b), test.without}} {
			if got := strings.Join(result.got, " "); got != result.want {
				t.Errorf("%q %s %q is %q, want %q", test.a, name, test.b, got, result.want)
			}
		}
	}
}

// Latchkey's own permissions are named one by one, by whatever they are held.
func TestReservedWithout(t *testing.T) {
	for _, test := range []struct{ before, after, want string }{
		{"*", "*", ""},
		{"*", "tokens:* accounts:*", "*"},
		{"*", "tokens:manage", "* accounts:manage tokens:introspect tokens:read tokens:write"},
		{"tokens:*", "tokens:read tokens:write", "tokens:introspect tokens:manage"},
		{"tokens:* accounts:manage", "*", ""},
		{"tokens:read accounts:*", "tokens:*", "accounts:manage"},
		{"orders:* tokens:read", "", "tokens:read"},
		{"orders:*", "", ""},
		{"", "*", ""},
	} {
		if got := strings.Join(set(test.before).ReservedWithout(set(test.after)), " "); got != test.want {
			t.Errorf("%q without %q lacks %q, want %q", test.before, test.after, got, test.want)
		}
	}
}

func TestNewPermissions(t *testing.T) {
	for words, want := range map[string]string{
		"":                                    "",
		"stock:read orders:read":              "orders:read stock:read",
		"orders:read stock:read orders:read":  "orders:read stock:read",
		"orders:read orders:* orders:write":   "orders:*",
		"orders:read * tokens:manage":         "*",
		"orders:* orders-archive:read":        "orders-archive:read orders:*",
		"orders:* stock:* orders:* stock:buy": "orders:* stock:*",
	} {
		if got := strings.Join(set(words), " "); got != want {
			t.Errorf("the set of %q is %q, want %q", words, got, want)
		}
	}
}

func TestPermissionsAllow(t *testing.T) {
	for _, test := range []struct {
		held, asked string
		want        bool
	}{
		{held: "orders:read", asked: "orders:read", want: true},
		{held: "orders:read", asked: "orders:write"},
		{held: "orders:read", asked: "orders:*"}, // a wildcard is held by a wildcard alone
		{held: "orders:*", asked: "orders:read", want: true},
		{held: "orders:*", asked: "orders:*", want: true},
		{held: "orders:*", asked: "orders-archive:read"},
		{held: "orders:*", asked: "*"},
		{held: "*", asked: "orders:*", want: true},
		{held: "*", asked: "*", want: true},
		{held: "tokens:read tokens:write tokens:manage tokens:introspect", asked: "tokens:*"},
		{asked: "orders:read"},
	} {
		if got := set(test.held).Allows(test.asked); got != test.want {
			t.Errorf("%q allows %s is %t, want %t", test.held, test.asked, got, test.want)
		}
	}
}

// somePermissions draws a set with few areas and verbs, so that sets overlap.
func somePermissions(t *rapid.T, name string) tokens.Permissions {
	all := []string{"*", "a:*", "a:x", "a:y", "b:*", "b:x", "b:y"}
	return tokens.NewPermissions(rapid.SliceOfN(rapid.SampledFrom(all), 0, 3).Draw(t, name)...)
}

// singlePermissions are what APIs ask for. c:x belongs to an area that no set names.
var singlePermissions = []string{"a:x", "a:y", "b:x", "b:y", "c:x"}

// A set is what it allows: every operation on sets must match the operation on what they allow.
func TestPermissionsAreSets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := somePermissions(t, "a"), somePermissions(t, "b")
		for _, p := range singlePermissions {
			inA, inB := a.Allows(p), b.Allows(p)
			for name, result := range map[string]struct {
				got  tokens.Permissions
				want bool
			}{"a and b": {a.And(b), inA || inB}, "a within b": {a.Within(b), inA && inB}} {
				if result.got.Allows(p) != result.want {
					t.Fatalf("%s is %v and allows %s: %t", name, result.got, p, !result.want)
				}
			}
			if a.Contains(b) && inB && !inA {
				t.Fatalf("%v contains %v, but allows no %s", a, b, p)
			}
			// Only what the other one allows may be left out; a wildcard may stay as a whole.
			if inA && !inB && !a.Without(b).Allows(p) {
				t.Fatalf("%v without %v lost %s", a, b, p)
			}
		}
		if rest := a.Without(b); !b.And(rest).Contains(a) || slices.ContainsFunc(rest, b.Allows) {
			t.Fatalf("%v without %v is %v", a, b, rest)
		}
	})
}

func TestIsReserved(t *testing.T) {
	for permission, want := range map[string]bool{
		"*": true, "tokens:read": true, "tokens:*": true, "accounts:manage": true, "accounts:*": true,
		"orders:read": false, "orders:*": false, "api:administer": false, "token:read": false,
	} {
		if got := tokens.IsReserved(permission); got != want {
			t.Errorf("%s is reserved: %t, want %t", permission, got, want)
		}
	}
}

func TestValidatePermissions(t *testing.T) {
	many := make([]string, 257)
	for i := range many {
		many[i] = "orders:verb" + strconv.Itoa(i)
	}
	for _, good := range [][]string{
		nil, {"*"}, {"orders:read", "orders:*"}, {"tokens:read", "tokens:introspect", "accounts:manage"},
		{"tokens:*", "accounts:*"},
		{"0.a_b-c:9.d_e-f"}, {strings.Repeat("a", 63) + ":" + strings.Repeat("b", 63)}, many[:256],
	} {
		if err := tokens.ValidatePermissions("permissions", good); err != nil {
			t.Errorf("%d permissions are refused: %v", len(good), err)
		}
	}
	for _, bad := range []string{
		"", ":", "orders", "orders:", ":read", "*:read", "*:*", "orders:**", "orders:re*", "Orders:read", "orders:Read",
		"orders:read:all", " orders:read", "orders:read\n",
		"-orders:read", "orders:.read", strings.Repeat("a", 64) + ":read", "orders:" + strings.Repeat("b", 64),
		"tokens:delete", "tokens:Read", "accounts:read",
	} {
		wantInvalid(t, "permissions", tokens.ValidatePermissions("permissions", []string{"stock:read", bad}))
	}
	wantInvalid(t, "permissions", tokens.ValidatePermissions("permissions",
		[]string{"orders:read", "stock:read", "orders:read"}))
	wantInvalid(t, "permissions", tokens.ValidatePermissions("permissions", many))
	if err := tokens.ValidatePermissions("permissions", []string{"tokens:delete"}); !strings.Contains(err.Error(),
		"read, write, manage, introspect") {
		t.Errorf("the error does not list the verbs: %v", err)
	}
}

// Every reading resolves roles, so a set of many permissions must not cost more than its size.
func TestNewPermissionsOfMany(t *testing.T) {
	allocated := func(number int) float64 {
		many := make([]string, number)
		for i := range many {
			many[i] = "orders:" + strconv.Itoa(i)
		}
		return testing.AllocsPerRun(10, func() { tokens.NewPermissions(many...) })
	}
	if few, many := allocated(16), allocated(256); many > 3*few {
		t.Errorf("256 permissions take %g allocations, and 16 take %g", many, few)
	}
}

package tokens_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// now is the time at which the tests of this package take place.
var now = time.Date(2030, 1, 31, 12, 0, 0, 0, time.UTC)

const (
	tokenID = "tok_01jz0000000000000000000000"
	userID  = "tu_01jz0000000000000000000000"
	// otherUserID is another technical user.
	otherUserID = "tu_01jz00000000000000000000c0"
	memberID    = "mem_01jz0000000000000000000000"
	groupA      = "grp_01jz00000000000000000000a0"
	groupB      = "grp_01jz00000000000000000000b0"
)

var kinds = []tokens.Kind{
	tokens.KindAccessToken, tokens.KindTechnicalUser, tokens.KindMember, tokens.KindGroup, tokens.KindRole,
	tokens.KindTokenShare,
	tokens.KindEvent, tokens.KindRequest, tokens.KindDatabase,
}

func TestNewID(t *testing.T) {
	for _, kind := range kinds {
		id := tokens.NewID(kind, now)
		if !tokens.IsID(kind, id) {
			t.Errorf("%s is not an identifier of a %s", id, kind.Noun())
		}
		for _, other := range kinds {
			if other != kind && tokens.IsID(other, id) {
				t.Errorf("%s is also an identifier of a %s", id, other.Noun())
			}
		}
		if id == tokens.NewID(kind, now) {
			t.Errorf("%s was created twice", id)
		}
	}
}

func TestNewIDSortsByTime(t *testing.T) {
	var ids []string
	for i := range 50 {
		ids = append(ids, tokens.NewID(tokens.KindEvent, now.Add(time.Duration(i)*time.Millisecond)))
	}
	if !slices.IsSorted(ids) {
		t.Errorf("the identifiers are not in the order of their creation: %v", ids)
	}
}

func TestIsIDRefuses(t *testing.T) {
	for name, id := range map[string]string{
		"empty":                 "",
		"no prefix":             tokenID[4:],
		"another prefix":        userID,
		"too short":             tokenID[:len(tokenID)-1],
		"too long":              tokenID + "0",
		"upper case":            strings.ToUpper(tokenID),
		"letter of no base 32":  tokenID[:len(tokenID)-1] + "u",
		"bits beyond 16 bytes":  tokenID[:len(tokenID)-1] + "1",
		"line breaks inside":    tokenID[:len(tokenID)-2] + "\r\n",
		"a value":               zeroValue,
		"an address and the id": "ci@default.latchkey.internal_" + tokenID,
	} {
		if tokens.IsID(tokens.KindAccessToken, id) {
			t.Errorf("%s: %q passes as the identifier of an access token", name, id)
		}
	}
}

func TestKindOf(t *testing.T) {
	for _, kind := range []tokens.Kind{
		tokens.KindAccessToken, tokens.KindTechnicalUser, tokens.KindMember, tokens.KindGroup, tokens.KindRole,
		tokens.KindEvent, tokens.KindDatabase,
	} {
		if got := tokens.KindOf(tokens.NewID(kind, now)); got != kind {
			t.Errorf("the identifier of a %s passes as one of %q", kind.Noun(), got)
		}
	}
	member := tokens.NewID(tokens.KindMember, now)
	if got := tokens.KindOf(tokens.ShareID(tokenID, member)); got != tokens.KindTokenShare {
		t.Errorf("the identifier of a token share passes as one of %q", got)
	}
	for _, text := range []string{"", "deploy", "tok_", tokens.NewID(tokens.KindRequest, now),
		tokens.ShareID(member, tokenID)} {
		if got := tokens.KindOf(text); got != "" {
			t.Errorf("%q passes as the identifier of a %s", text, got.Noun())
		}
	}
}

func TestValidateID(t *testing.T) {
	if err := tokens.ValidateID("group_id", tokens.KindGroup, groupA); err != nil {
		t.Error(err)
	}
	err := tokens.ValidateID("technical_user_id", tokens.KindTechnicalUser, groupA)
	if tokens.ErrorCode(err) != tokens.CodeInvalid {
		t.Fatalf("the error is %v, want one of code invalid", err)
	}
	for _, part := range []string{"technical_user_id: ", groupA, "technical user", `"tu_"`} {
		if !strings.Contains(err.Error(), part) {
			t.Errorf("the error does not say %q: %v", part, err)
		}
	}
	if e, ok := errors.AsType[*tokens.Error](err); !ok || e.Reason != tokens.ReasonNotAnIdentifier ||
		e.Kind != tokens.KindTechnicalUser {
		t.Errorf("got %#v, want the reason and the kind", err)
	}
}

func FuzzIsID(f *testing.F) {
	for _, seed := range []string{tokenID, userID, "tok_", "tok_" + strings.Repeat("z", 26), tokenID[:20] + "\n\n",
		"tok_é"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		if !tokens.IsID(tokens.KindAccessToken, id) {
			return
		}
		if len(id) != 30 || strings.Trim(id[4:], "0123456789abcdefghjkmnpqrstvwxyz") != "" {
			t.Errorf("%q passes as an identifier", id)
		}
	})
}

// What mocks make up passes for a reference; nothing, and another kind, do not.
func TestValidateReference(t *testing.T) {
	for value, want := range map[string]bool{
		userID: true, "x7k2m9qa": true, "tu_x": true, "a_b": true, "deploy": true,
		"": false, memberID: false, "grp_": false, tokenID + "/" + memberID: false, "evt_x": false,
	} {
		if err := tokens.ValidateReference("technical_user_id", tokens.KindTechnicalUser, value); (err == nil) != want {
			t.Errorf("%q: %v", value, err)
		}
	}
}

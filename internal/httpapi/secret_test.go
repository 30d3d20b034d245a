package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// encodedBody returns the body of a question about a value.
func encodedBody(t *testing.T, value string) string {
	t.Helper()
	text, err := json.Marshal(map[string]string{"token": value})
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// TestSecretsShowThemselvesNowhere prints, logs and encodes every document that holds a secret.
func TestSecretsShowThemselvesNowhere(t *testing.T) {
	secret := newRequest(t).Secret
	value := given(secret)
	for _, document := range []any{
		value, &value, newSecret{Token: value}, newAccessToken{newSecret: newSecret{Token: value}},
		createdAccessToken{Token: value}, regeneration{newSecret: newSecret{Token: value}}, regeneratedAccessToken{Token: value},
		presentedSecret{value}, verifiedSecret{presentedSecret: presentedSecret{value}},
		accessTokenCreation{Token: newAccessToken{newSecret: newSecret{Token: value}}},
		accessTokenRegeneration{Regeneration: regeneration{newSecret: newSecret{Token: value}}},
		secretVerification{verifiedSecret{presentedSecret: presentedSecret{value}}}, secretRevocation{presentedSecret{value}},
	} {
		var out bytes.Buffer
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
			fmt.Fprintf(&out, verb, document)
		}
		slog.New(slog.NewTextHandler(&out, nil)).Info("a document", "is", document)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("a document", "is", document)
		encoded, err := json.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(encoded)
		if strings.Contains(out.String(), secret.Reveal()) || strings.Contains(out.String(), fmt.Sprintf("%x", secret.Reveal())) {
			t.Errorf("%T shows its secret", document)
		}
	}
}

// TestSecretsAreSent sends every document that holds a secret, and reads it on the other side.
func TestSecretsAreSent(t *testing.T) {
	secret := newRequest(t).Secret
	value := given(secret)
	sent := func(document, received any, token func() secretValue) {
		t.Helper()
		text, err := json.Marshal(toBeSent(document))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(string(text), secret.Reveal()) != 1 {
			t.Errorf("%T is sent as %s", document, text)
		}
		if err := json.Unmarshal(text, received); err != nil || token().Reveal() != secret.Reveal() || !token().given {
			t.Errorf("%T does not arrive: %v", document, err)
		}
	}
	var n newAccessToken
	sent(newAccessToken{newSecret: newSecret{Token: value}}, &n, func() secretValue { return n.Token })
	var r regeneration
	sent(regeneration{newSecret: newSecret{Token: value}}, &r, func() secretValue { return r.Token })
	var v verifiedSecret
	sent(verifiedSecret{presentedSecret: presentedSecret{value}}, &v, func() secretValue { return v.Token })
	var p presentedSecret
	sent(presentedSecret{value}, &p, func() secretValue { return p.Token })
	var c createdAccessToken
	sent(createdAccessToken{accessToken: accessTokenOf(filled[tokens.AccessToken](t)), Token: value}, &c,
		func() secretValue { return c.Token })
	var again regeneratedAccessToken
	sent(regeneratedAccessToken{Token: value}, &again, func() secretValue { return again.Token })
}

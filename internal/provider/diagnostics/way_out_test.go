package diagnostics

import (
	"strings"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestWaysOut(t *testing.T) {
	holder := "grp_01jz0000000000000000000000"
	for _, test := range []struct {
		err  error
		says string
	}{
		{
			err: tokens.Taken(tokens.KindGroup, "name", holder, "taken"),
			says: "name: taken. If this run is to rename or delete that one too, apply again; if it replaces that one, and " +
				"create_before_destroy keeps it until then, give the new one another name. If no resource of this configuration " +
				"manages that one, choose another name or import it, with the name of your resource:" +
				"\n\nimport {\n  to = latchkey_group.NAME\n  id = \"" + holder + "\"\n}",
		},
		{err: tokens.Conflict("", holder, "last").Because(tokens.ReasonLastOwner), says: "terraform state rm."},
		{err: tokens.Conflict("role", holder, "last").Because(tokens.ReasonLastOwner), says: "role: last."},
		{err: tokens.ValidateID("group_id", tokens.KindGroup, "x"), says: "latchkey_group resource."},
		{
			err:  tokens.ValidateID("request_id", tokens.KindRequest, "x"),
			says: `request_id: "x" is not a valid request identifier, which would start with "req_".`,
		},
		{
			err:  tokens.Unavailable(tokens.Unavailable(nil, "missing").Because(tokens.ReasonNoDatabase), "lost"),
			says: "lost (missing). " + databaseSetting,
		},
		{
			err:  tokens.Forbidden("", "not good").Because(tokens.ReasonUnauthenticated),
			says: "not good. The access token by which the run asks is set by token in the provider's configuration or",
		},
		{
			err:  tokens.Unavailable(tokens.Unavailable(nil, "no route").Because(tokens.ReasonUnreachable), "lost"),
			says: "lost (no route). " + endpointSetting,
		},
		{
			err:  tokens.Unavailable(nil, "no answer of Latchkey").Because(tokens.ReasonForeignAnswer),
			says: "no answer of Latchkey. " + endpointSetting,
		},
		{err: tokens.Unavailable(nil, "expired").Because(tokens.ReasonCertificate), says: "in SSL_CERT_FILE"},
		{err: tokens.Invalid("endpoint", "plain").Because(tokens.ReasonPlainHTTP), says: "endpoint: plain. latchkey serve speaks TLS"},
		{err: tokens.Invalid("name", "empty"), says: "name: empty."},
	} {
		got := Explain(test.err)
		if !strings.Contains(got, test.says) {
			t.Errorf("got %q, want %q in it", got, test.says)
		}
		if plain := test.err.Error() + "."; strings.HasSuffix(test.says, plain) && got != plain {
			t.Errorf("got %q, want %q", got, plain)
		}
	}
}

// Objects that the same thing stopped share a paragraph.
func TestFailedSome(t *testing.T) {
	failure := func(id, why string) Failure {
		return Failure{Subject{Kind: tokens.KindGroup, ID: id}, tokens.Forbidden("", "%s", why)}
	}
	d := FailedSome("close", tokens.KindGroup, "1 of 4 is closed.",
		[]Failure{failure("a", "no"), failure("b", "no"), failure("c", "never")})
	const want = "1 of 4 is closed.\n\nGroup (a)\nGroup (b): no.\n\nGroup (c): never."
	if d.Summary() != "Unable to close groups" || d.Detail() != want {
		t.Errorf("got %q: %q", d.Summary(), d.Detail())
	}
}

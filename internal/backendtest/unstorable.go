package backendtest

import (
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// unstorableTexts are texts that some database can't even compare with.
var unstorableTexts = []string{"a\x00b", "a\xffb", "a\xed\xa0\x80b", `a\`, `\`, `*\`}

// testUnstorableTexts asks for what has texts that no object has: there is no such thing, or the text is refused. Nothing fails.
func testUnstorableTexts(w *world) {
	token := w.create(w.request("deploy", w.user("ci", "").ID))
	for _, text := range unstorableTexts {
		ids := func(kind tokens.Kind) string { return string(kind) + "_" + text }
		asked := map[string]error{}
		ask := func(name string, err error) { asked[name] = err }
		_, err := w.AccessTokens(w.Context(), tokens.TokenQuery{Search: text})
		ask("search", err)
		_, err = w.AccessTokens(w.Context(), tokens.TokenQuery{Name: text})
		ask("name", err)
		_, err = w.AccessTokens(w.Context(), tokens.TokenQuery{NamePrefix: text})
		ask("name prefix", err)
		_, err = w.AccessTokens(w.Context(), tokens.TokenQuery{TechnicalUserEmail: text})
		ask("technical user", err)
		_, err = w.AccessTokens(w.Context(), tokens.TokenQuery{ID: ids(tokens.KindAccessToken)})
		ask("id", err)
		_, err = w.AccessTokens(w.Context(), tokens.TokenQuery{GroupID: ids(tokens.KindGroup)})
		ask("group", err)
		_, err = w.AccessTokens(w.Context(), tokens.TokenQuery{Cursor: text})
		ask("cursor", err)
		_, err = w.Events(w.Context(), tokens.EventQuery{Actor: text})
		ask("actor", err)
		_, err = w.Events(w.Context(), tokens.EventQuery{ObjectID: text})
		ask("object", err)
		_, err = w.Names(w.Context(), []string{text, ids(tokens.KindGroup)})
		ask("names", err)
		_, err = w.Candidates(w.Context(), tokens.KindAccessToken, text, 10)
		ask("candidates", err)
		_, err = w.TechnicalUserWithEmail(w.Context(), text)
		ask("technical user with e-mail", err)
		_, err = w.AccessToken(w.Context(), ids(tokens.KindAccessToken))
		ask("token", err)
		_, err = w.Group(w.Context(), text)
		ask("one group", err)
		_, err = w.TokenShare(w.Context(), token.ID, text)
		ask("share", err)
		ask("deletion", w.DeleteGroup(w.Context(), text))
		for name, err := range asked {
			switch tokens.ErrorCode(err) {
			case "", tokens.CodeInvalid, tokens.CodeNotFound:
			default:
				w.Errorf("%s %s: got %v", name, fmt.Sprintf("%q", text), err)
			}
		}
	}
}

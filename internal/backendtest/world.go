package backendtest

import (
	"crypto/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// world is what a test works with: a backend, its clock, its service, and the place of the database.
type world struct {
	*testing.T
	tokens.Backend
	clock   *Clock
	service Service
	place   Place
}

// newWorld returns a separate world without a database.
func newWorld(t *testing.T, newPlace func(t *testing.T) Place) *world {
	w := &world{T: t, clock: NewClock(), place: newPlace(t)}
	w.service = w.place(w.clock.Now)
	return w.as("local:anna@host")
}

// with returns the world for a subtest.
func (w *world) with(t *testing.T) *world {
	other := *w
	other.T = t
	return &other
}

// must returns the result of an operation: must(w.Group(ctx, id))(w). It ends the test if the operation failed.
func must[V any](value V, err error) func(*world) V {
	return func(w *world) V {
		w.Helper()
		if err != nil {
			w.Fatal(err)
		}
		return value
	}
}

// succeed ends the test if an operation failed.
func (w *world) succeed(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// equal reports a difference between values. Times are equal if they are the same time in the same zone.
func (w *world) equal(what string, got, want any) {
	w.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		w.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// refusal checks that an operation failed with this code, and returns the error.
func (w *world) refusal(err error, code tokens.Code) *tokens.Error {
	w.Helper()
	refusal, ok := err.(*tokens.Error) //nolint:errorlint // methods of a Backend return an *Error itself
	if !ok || refusal.Code != code {
		w.Fatalf("got %#v, want an *Error of code %s", err, code)
	}
	return refusal
}

// mentions checks that a text contains all of the words.
func (w *world) mentions(text string, words ...string) {
	w.Helper()
	for _, word := range words {
		if !strings.Contains(text, word) {
			w.Errorf("%q does not mention %q", text, word)
		}
	}
}

// omits checks that a text does not contain a word.
func (w *world) omits(text, word string) {
	w.Helper()
	if strings.Contains(text, word) {
		w.Errorf("%q mentions %q", text, word)
	}
}

// group creates a group.
func (w *world) group(name string) tokens.Group {
	w.Helper()
	return must(w.CreateGroup(w.Context(), tokens.NewGroup{GroupSettings: tokens.GroupSettings{Name: name}}))(w)
}

// member creates a member.
func (w *world) member(email string) tokens.Member {
	w.Helper()
	return must(w.CreateMember(w.Context(), tokens.NewMember{Email: email,
		MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: tokens.RoleViewer}}}))(w)
}

// user creates a technical user at the level of a group or, if groupID is empty, of the organization.
func (w *world) user(name, groupID string) tokens.TechnicalUser {
	w.Helper()
	return must(w.CreateTechnicalUser(w.Context(),
		tokens.NewTechnicalUser{GroupID: groupID, TechnicalUserSettings: tokens.TechnicalUserSettings{Name: name,
			Grants: tokens.Grants{Role: tokens.RoleManager}, Enabled: true}}))(w)
}

// secret generates a secret.
func (w *world) secret() tokens.Secret {
	w.Helper()
	return must(tokens.NewSecret(tokens.DefaultPrefix))(w)
}

// ownSecret makes up a value as a user brings it, which Latchkey did not form.
func (w *world) ownSecret() tokens.Secret {
	w.Helper()
	secret, ok := tokens.PresentedSecret(rand.Text() + rand.Text())
	if !ok {
		w.Fatal("no client could present it")
	}
	return secret
}

// fresh generates a request id and a secret for a request.
func (w *world) fresh() tokens.NewSecretFor {
	w.Helper()
	return tokens.NewSecretFor{Request: tokens.Request{RequestID: tokens.NewID(tokens.KindRequest, w.clock.Now())},
		Secret: w.secret()}
}

// request returns a request for an enabled access token.
func (w *world) request(name, technicalUserID string) tokens.NewAccessToken {
	w.Helper()
	return tokens.NewAccessToken{NewSecretFor: w.fresh(), TechnicalUserID: technicalUserID,
		Settings: tokens.Settings{Name: name, Enabled: true}}
}

// personal returns a request for an enabled personal token of a member.
func (w *world) personal(name, memberID string) tokens.NewAccessToken {
	w.Helper()
	request := w.request(name, "")
	request.MemberID = memberID
	return request
}

// personalTokens returns the personal tokens of a member that may be shown, by their names.
func (w *world) personalTokens(memberID string) []tokens.AccessToken {
	w.Helper()
	query := tokens.TokenQuery{MemberID: memberID, Sort: tokens.ColumnName}
	return must(w.AccessTokens(w.Context(), query))(w).AccessTokens
}

// create creates an access token.
func (w *world) create(request tokens.NewAccessToken) tokens.AccessToken {
	w.Helper()
	return must(w.CreateAccessToken(w.Context(), request))(w).AccessToken
}

// update changes an access token.
func (w *world) update(id string, update tokens.AccessTokenUpdate) tokens.AccessToken {
	w.Helper()
	return must(w.UpdateAccessToken(w.Context(), id, update))(w)
}

// disable disables an access token.
func (w *world) disable(id string) tokens.AccessToken {
	w.Helper()
	return w.update(id, tokens.AccessTokenUpdate{Fields: tokens.Fields{"enabled"}})
}

// regenerate gives an access token a new secret, and returns both.
func (w *world) regenerate(id string) (tokens.AccessToken, tokens.Secret) {
	w.Helper()
	fresh := w.fresh()
	return w.update(id,
			tokens.AccessTokenUpdate{Regeneration: &tokens.Regeneration{NewSecretFor: fresh, Reason: tokens.ReasonRequested}}),
		fresh.Secret
}

// token returns an access token.
func (w *world) token(id string) tokens.AccessToken {
	w.Helper()
	return must(w.AccessToken(w.Context(), id))(w)
}

// verify verifies a value without recording its use.
func (w *world) verify(secret tokens.Secret) tokens.Verification {
	w.Helper()
	return must(w.VerifySecret(w.Context(), secret, tokens.VerifyOptions{}))(w)
}

// use verifies a value as a client does.
func (w *world) use(secret tokens.Secret) {
	w.Helper()
	if v := must(w.VerifySecret(w.Context(), secret, tokens.VerifyOptions{RecordUse: true}))(w); !v.Active {
		w.Errorf("the value to use is not active: %+v", v)
	}
}

// events returns the events of an object and of nothing else or, for an empty id, all of them.
func (w *world) events(objectID string) []tokens.Event {
	w.Helper()
	events := must(w.Events(w.Context(), tokens.EventQuery{ObjectID: objectID}))(w)
	return slices.DeleteFunc(events, func(e tokens.Event) bool { return objectID != "" && e.ObjectID != objectID })
}

// content is everything in a database except its events.
type content struct {
	Groups         []tokens.Group
	Roles          []tokens.Role
	Members        []tokens.Member
	TechnicalUsers []tokens.TechnicalUser
	AccessTokens   []tokens.AccessToken
	TokenShares    []tokens.TokenShare
}

// content returns the content of the database.
func (w *world) content() (c content) {
	w.Helper()
	ctx := w.Context()
	c.Groups = must(w.Groups(ctx))(w)
	c.Roles = must(w.Roles(ctx))(w)
	c.Members = must(w.Members(ctx))(w)
	c.TechnicalUsers = must(w.TechnicalUsers(ctx))(w)
	c.AccessTokens = must(w.AccessTokens(ctx, tokens.TokenQuery{}))(w).AccessTokens
	for _, m := range c.Members {
		c.AccessTokens = append(c.AccessTokens, w.personalTokens(m.ID)...)
	}
	c.TokenShares = must(w.TokenShares(ctx, tokens.TokenShareQuery{}))(w)
	return c
}

// as returns the world of another owner of the database, served by the same service.
func (w *world) as(actor tokens.Actor) *world { return w.of(tokens.AsDatabaseOwner(actor)) }

// acting returns the world of someone who acts as a member.
func (w *world) acting(email string) *world { return w.of(tokens.AsMember("local:eve@host", email)) }

// holding returns the world of a technical user or member who presents a value of an own access token.
func (w *world) holding(secret tokens.Secret) *world { return w.of(tokens.AsTokenHolder(secret)) }

func (w *world) of(principal tokens.Principal) *world {
	other := *w
	other.Backend = requesting{w.service.As(principal), w.clock}
	return &other
}

// elsewhere returns the world of an owner who opens the same database separately, as another process does.
func (w *world) elsewhere(actor tokens.Actor) *world {
	other := *w
	other.service = w.place(w.clock.Now)
	return other.as(actor)
}

// actions returns the actions of events, with refusals marked.
func actions(events []tokens.Event) []string {
	texts := make([]string, len(events))
	for i, e := range events {
		texts[i] = string(e.Action)
		if e.Outcome == tokens.OutcomeRefused {
			texts[i] += " refused"
		}
	}
	return texts
}

// ids returns the identifiers of access tokens.
func ids(all []tokens.AccessToken) []string {
	texts := make([]string, len(all))
	for i, t := range all {
		texts[i] = t.ID
	}
	return texts
}

// sorted returns the texts in order.
func sorted(texts []string) []string { return slices.Sorted(slices.Values(texts)) }

// later is a step of time that is longer than the resolution of backends.
const later = time.Minute

package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// concealInput is the input of an operation with a text in every place that there is.
type concealInput struct {
	ID     string   `path:"id"`
	Search string   `query:"search"`
	IDs    []string `query:"ids"`
	Body   struct {
		memberSettings
		Token secretText `json:"token"`
	} `body:""`
}

// secretText encodes as a placeholder, as secrets in documents do.
type secretText string

func (secretText) MarshalText() ([]byte, error) { return []byte("(sensitive value)"), nil }

// concealCase returns a request of a client with an input, as the server sees it.
func concealCase(t *testing.T, in concealInput) (described, concealer) {
	t.Helper()
	d := operation[concealInput, nothing]{"POST", "/v1/things/{id}", "thing", "Thing", false}.describe()
	body, err := json.Marshal(in.Body)
	if err != nil {
		t.Fatal(err)
	}
	body = bytes.Replace(body, []byte(`"(sensitive value)"`), []byte(fmt.Sprintf("%q", string(in.Body.Token))), 1)
	query := url.Values{"search": {in.Search}, "ids": in.IDs}
	r := httptest.NewRequest(http.MethodPost, "/v1/things/x?"+query.Encode(), nil)
	r.SetPathValue("id", in.ID)
	return d, concealing(d, r, body)
}

func TestConceal(t *testing.T) {
	group := tokens.NewID(tokens.KindGroup, time.Now())
	for name, test := range map[string]struct {
		in     func(*concealInput)
		detail string
		field  string
		want   string
		// shown is what a client shows; empty for the detail.
		shown string
	}{
		"a quoted text": {func(in *concealInput) { in.Body.Name = "no" }, `"no" is no name, but "now" is`, "",
			`"{{name}}" is no name, but "now" is`, ""},
		"a plain text":            {func(in *concealInput) { in.ID = "drowssap" }, "there is no group drowssap; it", "", "there is no group {{id}}; it", ""},
		"a plain text in a word":  {func(in *concealInput) { in.ID = "identifi" }, "an identifier", "", "an identifier", ""},
		"a short plain text":      {func(in *concealInput) { in.ID = "secret" }, "there is no group secret", "", "there is no group secret", ""},
		"an identifier":           {func(in *concealInput) { in.ID = group }, "there is no group " + group, "", "there is no group " + group, ""},
		"a text in special signs": {func(in *concealInput) { in.Body.Name = "a\"b\nc\u200bd" }, tokens.Invalid("", "%q is bad", "a\"b\nc\u200bd").Message, "", `"{{name}}" is bad`, ""},
		"a text in NFC": {func(in *concealInput) { in.Body.Name = "Zoe\u0301" }, `"Zo` + "\u00e9" + `" is bad`, "",
			`"{{name:nfc}}" is bad`, ""},
		"a text in lower case": {func(in *concealInput) { in.Search = "DROWSSAP" }, "drowssap is taken", "",
			"{{search:lower}} is taken", ""},
		"an element": {func(in *concealInput) { in.IDs = []string{"a", "b"} }, `"b"`, "", `"{{ids.1}}"`, ""},
		"a member of an element": {func(in *concealInput) { in.Body.GroupRoles = []groupRole{{GroupID: group, Role: "bos s"}} },
			`"bos s" is no role`, "group_roles", `"{{group_roles.0.role}}" is no role`, ""},
		"two members with one text": {func(in *concealInput) { in.Search, in.Body.Name = "same", "same" }, `"same"`, "name", `"{{name}}"`, ""},
		"a member of a name of ours": {func(in *concealInput) { in.Body.Role = "administrator" },
			"use one of none, administrator, owner", "role", "use one of none, administrator, owner", ""},
		"another's text like a member": {func(in *concealInput) { in.Body.Name, in.Search = "drowssap", "y" },
			`"{{name}}" and {{search}} are taken`, "", `"{{}}name}}" and {{}}search}} are taken`, ""},
		"a text like a member": {func(in *concealInput) { in.Body.Name = "{{search}}"; in.Search = "drowssap" },
			`"{{search}}" is bad`, "name", `"{{name}}" is bad`, ""},
		"a secret": {func(in *concealInput) { in.Body.Token = "drowssap" }, "the secret drowssap was used", "token",
			"the secret {{token}} was used", "the secret (sensitive value) was used"},
		"a value of a token in a text": {func(in *concealInput) { in.Body.Name = "see lk_0123456789012345678901234567890123456789" },
			tokens.Invalid("", "%q", "see lk_0123456789012345678901234567890123456789").Message, "", `"{{name}}"`, ""},
		"the place of the database": {func(*concealInput) {}, "/srv/latchkey.db is database db_1, and database /srv/latchkey.db", "",
			"the server's database is database db_1, and the server's database",
			"the server's database is database db_1, and the server's database"},
		"a guess at the place": {func(in *concealInput) { in.Body.Name = "/srv/latchkey.db" }, `"/srv/latchkey.db" is bad`, "name",
			`"{{name}}" is bad`, ""},
		"a wrong guess": {func(in *concealInput) { in.Body.Name = "/srv/other.db" }, `"/srv/other.db" is bad`, "name",
			`"{{name}}" is bad`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var in concealInput
			test.in(&in)
			d, c := concealCase(t, in)
			p := c.concealed(problem{Detail: test.detail, Field: test.field}, "/srv/latchkey.db")
			if p.Detail != test.want {
				t.Errorf("got the detail\n%s, want\n%s", p.Detail, test.want)
			}
			if test.shown == "" {
				test.shown = test.detail
			}
			if shown := reveal(p, d, in).Detail; shown != test.shown {
				t.Errorf("a client shows\n%s, want\n%s", shown, test.shown)
			}
		})
	}
}

// The identifier of a problem may be what a client sent in the place of one.
func TestConcealedIdentifier(t *testing.T) {
	in := concealInput{ID: "secret"}
	d, c := concealCase(t, in)
	p := c.concealed(problem{Detail: "gone", ID: "secret"}, "")
	if p.ID != "{{id}}" || reveal(p, d, in).ID != "secret" {
		t.Errorf("got %q, and for the client %q", p.ID, reveal(p, d, in).ID)
	}
}

// A request that is full of texts gets an answer that says nothing of any.
func TestConcealTooMuch(t *testing.T) {
	for _, ids := range [][]string{make([]string, mostLeaves+1), {strings.Repeat("x", mostLooked+1)}} {
		var in concealInput
		in.IDs = ids
		_, c := concealCase(t, in)
		if p := c.concealed(problem{Detail: "anything"}, ""); p.Detail != unspoken {
			t.Errorf("got %q", p.Detail)
		}
	}
}

// Objects inside each other cost no more than their bytes, however many they are.
func TestConcealDeepDocument(t *testing.T) {
	const member = `{"regenerate_before_expiry":`
	levels := 9_000 // package json reads 10,000
	text := []byte(strings.Repeat(member, levels) + `"deep"` + strings.Repeat("}", levels))
	r := httptest.NewRequest(http.MethodPost, "/v1/access-tokens", nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	c := concealing(createAccessToken.describe(), r, text)
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 100*uint64(len(text)) {
		t.Errorf("it takes %d bytes of memory to read %d", used, len(text))
	}
	if p := c.concealed(problem{Detail: "anything"}, ""); p.Detail != "anything" {
		t.Errorf("got %q", p.Detail)
	}
}

// recordedProblems is a server that remembers the problems that it sent.
type recordedProblems struct {
	next http.Handler
	last []byte
}

func (s *recordedProblems) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	recorder := httptest.NewRecorder()
	s.next.ServeHTTP(recorder, r)
	s.last = nil
	if recorder.Code >= http.StatusBadRequest {
		s.last = recorder.Body.Bytes()
	}
	for name, values := range recorder.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(recorder.Code)
	_, _ = io.Copy(w, bytes.NewReader(recorder.Body.Bytes()))
}

// distinctive returns a text that no error has by itself, with its heart, which nothing may repeat.
func distinctive(r *rand.Rand) (text, heart string) {
	const letters = "bcdfghjkmnpqrstvwxyz"
	var b strings.Builder
	for range 10 {
		b.WriteByte(letters[r.IntN(len(letters))])
	}
	heart = b.String()
	around := []string{
		"%s", " %s", "%s\n", `"%s"`, `%s\`, "%s@example.com", "%s@b\u00fccher.example", "\u0430%s@example.com",
		"{{name}}%s", "%s}}{{id}}", "Zoe\u0301-%s", "\u212b%s", "%s:read", "tokens:%s", "%s-x", "%s/..", "../%s", "%s\x00",
		"%s\u202e", "%s\u115f", "grp_%s", "tok_%s/mem_%[1]s", "lk_%s0123456789012345678901234567890123456789",
		"%s abcdefghijklmnopqrstuvwxyz0123456789abcdefgh", "%s %[1]s", "%%%s", "%s\xff",
	}
	return fmt.Sprintf(around[r.IntN(len(around))], heart), heart
}

// scatter puts distinctive texts into some of the texts of an input, and returns their hearts.
func scatter(r *rand.Rand, v reflect.Value) (hearts []string) {
	switch v.Kind() { //nolint:exhaustive // nothing else holds texts
	case reflect.String:
		if r.IntN(3) > 0 {
			text, heart := distinctive(r)
			v.SetString(text)
			return []string{heart}
		}
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[tokens.Fields]() {
			return nil
		}
		v.Set(reflect.MakeSlice(v.Type(), r.IntN(3), 3))
		for i := range v.Len() {
			hearts = append(hearts, scatter(r, v.Index(i))...)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Type != reflect.TypeFor[tokens.Request]() {
				hearts = append(hearts, scatter(r, v.Field(i))...)
			}
		}
	}
	return hearts
}

// scattered returns an input with distinctive texts here and there.
func scattered[T any](r *rand.Rand, in T, hearts *[]string) T {
	*hearts = append(*hearts, scatter(r, reflect.ValueOf(&in).Elem())...)
	return in
}

// concealAttempts returns an operation with a random input, to be tried on several backends.
func concealAttempts(r *rand.Rand, at time.Time, there map[tokens.Kind]string, hearts *[]string) func(tokens.Backend) error {
	ctx := context.Background()
	id := func(kind tokens.Kind) string {
		if r.IntN(3) == 0 {
			return there[kind]
		}
		text, heart := distinctive(r)
		*hearts = append(*hearts, heart)
		return text
	}
	request := func() tokens.Request { return tokens.NewRequest(at) }
	one := func(_ any, err error) error { return err }
	switch r.IntN(19) {
	case 0:
		n := scattered(r, tokens.NewGroup{Request: request()}, hearts)
		return func(b tokens.Backend) error { return one(b.CreateGroup(ctx, n)) }
	case 1:
		n := scattered(r, tokens.NewRole{Request: request()}, hearts)
		return func(b tokens.Backend) error { return one(b.CreateRole(ctx, n)) }
	case 2:
		n := scattered(r, tokens.NewMember{Request: request()}, hearts)
		return func(b tokens.Backend) error { return one(b.CreateMember(ctx, n)) }
	case 3:
		n := scattered(r, tokens.NewTechnicalUser{Request: request()}, hearts)
		return func(b tokens.Backend) error { return one(b.CreateTechnicalUser(ctx, n)) }
	case 4:
		n := scattered(r, tokens.NewTokenShare{Request: request()}, hearts)
		if tokens.KindOf(n.AccessTokenID) == "" {
			n.AccessTokenID = tokens.NewID(tokens.KindAccessToken, at)
		}
		return func(b tokens.Backend) error { return one(b.ShareAccessToken(ctx, n)) }
	case 5:
		of := id(tokens.KindGroup)
		u := scattered(r, tokens.GroupUpdate{Fields: tokens.FieldsOf[tokens.GroupSettings]()}, hearts)
		return func(b tokens.Backend) error { return one(b.UpdateGroup(ctx, of, u)) }
	case 6:
		of := id(tokens.KindRole)
		return func(b tokens.Backend) error { return one(b.Role(ctx, of)) }
	case 7:
		of := id(tokens.KindGroup)
		return func(b tokens.Backend) error { return b.DeleteGroup(ctx, of) }
	case 8:
		of := id(tokens.KindTechnicalUser)
		return func(b tokens.Backend) error { return one(b.TechnicalUserWithEmail(ctx, of)) }
	case 9:
		of, with := id(tokens.KindAccessToken), id(tokens.KindMember)
		return func(b tokens.Backend) error { return one(b.TokenShare(ctx, of, with)) }
	case 10:
		q := scattered(r, tokens.TokenShareQuery{}, hearts)
		return func(b tokens.Backend) error { return one(b.TokenShares(ctx, q)) }
	case 11:
		of, with, role := id(tokens.KindAccessToken), id(tokens.KindMember), id(tokens.KindRole)
		return func(b tokens.Backend) error { return one(b.UpdateTokenShare(ctx, of, with, role)) }
	case 12:
		of := id(tokens.KindMember)
		u := scattered(r, tokens.MemberUpdate{Fields: tokens.FieldsOf[tokens.MemberSettings]()}, hearts)
		return func(b tokens.Backend) error { return one(b.UpdateMember(ctx, of, u)) }
	case 13:
		n := scattered(r, tokens.NewAccessToken{NewSecretFor: tokens.NewSecretFor{Request: request()}}, hearts)
		n.Secret, _ = tokens.NewSecret(tokens.DefaultPrefix)
		return func(b tokens.Backend) error { return one(b.CreateAccessToken(ctx, n)) }
	case 14:
		of := id(tokens.KindAccessToken)
		u := scattered(r, tokens.AccessTokenUpdate{Fields: tokens.FieldsOf[tokens.Settings]()}, hearts)
		return func(b tokens.Backend) error { return one(b.UpdateAccessToken(ctx, of, u)) }
	case 15:
		of, reason := id(tokens.KindAccessToken), id(tokens.KindRole)
		return func(b tokens.Backend) error { return one(b.HoldAccessToken(ctx, of, reason)) }
	case 16:
		q := scattered(r, tokens.TokenQuery{}, hearts)
		return func(b tokens.Backend) error { return one(b.AccessTokens(ctx, q)) }
	case 17:
		q := scattered(r, tokens.EventQuery{}, hearts)
		return func(b tokens.Backend) error { return one(b.Events(ctx, q)) }
	}
	of := id(tokens.KindTechnicalUser)
	u := scattered(r, tokens.TechnicalUserUpdate{Fields: tokens.FieldsOf[tokens.TechnicalUserSettings]()}, hearts)
	return func(b tokens.Backend) error { return one(b.UpdateTechnicalUser(ctx, of, u)) }
}

// existing makes an object of each kind, in a group that can't be deleted, and returns their identifiers.
func existing(t *testing.T, b tokens.Backend) map[tokens.Kind]string {
	t.Helper()
	ctx, request := t.Context(), func() tokens.Request { return tokens.NewRequest(time.Now()) }
	viewer := tokens.Grants{Role: tokens.RoleViewer}
	g, err := b.CreateGroup(ctx, tokens.NewGroup{Request: request(), GroupSettings: tokens.GroupSettings{Name: "payments"}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := b.CreateRole(ctx, tokens.NewRole{Request: request(), RoleSettings: tokens.RoleSettings{Name: "clerk"}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := b.CreateMember(ctx, tokens.NewMember{
		Request: request(), Email: "anna@example.com", MemberSettings: tokens.MemberSettings{Grants: viewer},
	})
	if err != nil {
		t.Fatal(err)
	}
	u, err := b.CreateTechnicalUser(ctx, tokens.NewTechnicalUser{Request: request(), GroupID: g.ID,
		TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci", Grants: viewer, Enabled: true}})
	if err != nil {
		t.Fatal(err)
	}
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	a, err := b.CreateAccessToken(ctx, tokens.NewAccessToken{
		NewSecretFor: tokens.NewSecretFor{Request: request(), Secret: secret}, TechnicalUserID: u.ID,
		Settings: tokens.Settings{Name: "deploy", Enabled: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	return map[tokens.Kind]string{tokens.KindGroup: g.ID, tokens.KindRole: r.ID, tokens.KindMember: m.ID,
		tokens.KindTechnicalUser: u.ID, tokens.KindAccessToken: a.ID}
}

// Whatever goes wrong, the problem repeats nothing of the request, and neither does the server's log. The client that sent
// it shows what a backend on its own machine says.
func TestProblemsRepeatNothing(t *testing.T) {
	m := newManaged(t)
	var log bytes.Buffer
	problems := &recordedProblems{next: NewManagement(ManagementOptions{
		As:       func(p tokens.Principal) tokens.Backend { return m.service.As(p) },
		Location: m.service.Location(), Now: time.Now, Log: slog.New(slog.NewTextHandler(&log, nil)),
	})}
	m.server.Config.Handler = problems
	local := m.service.As(tokens.AsDatabaseOwner("local:anna@host"))
	there := existing(t, local)
	c := m.client(m.owner)
	rounds := 1000
	if testing.Short() {
		rounds = 300
	}
	seed := uint64(time.Now().UnixNano())
	told := 0
	for i := range rounds {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		var hearts []string
		try := concealAttempts(r, time.Now(), there, &hearts)
		near := try(local)
		far := try(c)
		for _, heart := range hearts {
			if strings.Contains(strings.ToLower(string(problems.last)), heart) {
				t.Errorf("seed %d, round %d: the problem repeats %q: %s", seed, i, heart, problems.last)
			}
			if strings.Contains(log.String(), heart) {
				t.Fatalf("seed %d, round %d: the log repeats %q: %s", seed, i, heart, log.String())
			}
		}
		if tokens.ErrorCode(near) == "" || tokens.ErrorReason(far) == tokens.ReasonMalformed {
			continue // it worked the first time, or has characters that JSON hasn't
		}
		told++
		if near.Error() != far.Error() {
			t.Errorf("seed %d, round %d: the client says\n%s, want\n%s\nfrom %s", seed, i, far, near, problems.last)
		}
		if t.Failed() {
			return
		}
	}
	if told < rounds/2 {
		t.Errorf("only %d of %d requests were refused", told, rounds)
	}
}

// The location of the server's database is in no problem.
func TestNoProblemTellsTheLocation(t *testing.T) {
	m := newManaged(t)
	other := service.Open(service.Options{Database: m.service.Location(), Organization: "other", Now: time.Now})
	defer func() { _ = other.Close() }()
	problems := &recordedProblems{next: NewManagement(ManagementOptions{
		As:       func(p tokens.Principal) tokens.Backend { return other.As(p) },
		Location: other.Location(), Now: time.Now,
	})}
	m.server.Config.Handler = problems
	_, err := m.client(m.owner).Groups(t.Context())
	if tokens.ErrorReason(err) != tokens.ReasonOtherOrganization || strings.Contains(string(problems.last), other.Location()) ||
		!strings.Contains(err.Error(), "the server's database belongs to") {
		t.Errorf("got %v from %s", err, problems.last)
	}
	problems.next = NewManagement(ManagementOptions{
		As:       func(p tokens.Principal) tokens.Backend { return m.service.As(p) },
		Location: m.service.Location(), Now: time.Now,
	})
	ctx := tokens.WithWitness(t.Context(), &tokens.Witness{Expects: tokens.Mark{
		Database: tokens.NewID(tokens.KindDatabase, time.Now()),
	}})
	_, err = m.client(m.owner).Groups(ctx)
	if tokens.ErrorReason(err) != tokens.ReasonWrongDatabase || strings.Contains(string(problems.last), m.service.Location()) ||
		!strings.Contains(err.Error(), "the server's database is database") {
		t.Errorf("got %v from %s", err, problems.last)
	}
}

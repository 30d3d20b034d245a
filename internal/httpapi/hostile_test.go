package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"log/slog"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/google/jsonschema-go/jsonschema"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/verify"
)

// full makes TestHostileRequests send many more requests, other ones each time; see `make faults`.
var full = flag.Bool("full", false, "all rounds of the tests with hostile requests, which take minutes: -args -full")

// ownPattern finds the values that people bring in these tests.
var ownPattern = regexp.MustCompile(ownMarker + `[0-9a-f-]+`)

// secretsIn returns the values of access tokens in a text: all of ours, and what people bring.
func secretsIn(text []byte) (found []string) {
	_ = tokens.FindSecrets(bytes.NewReader(text), func(s tokens.FoundSecret) error { // reading what is in memory doesn't fail
		found = append(found, s.Secret.Reveal())
		return nil
	})
	for _, own := range ownPattern.FindAll(text, -1) {
		found = append(found, string(own))
	}
	return found
}

// buffer is a buffer for several goroutines.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// answerSchemas are the schemas of the documents in answers. They allow no member that isn't described.
type answerSchemas struct {
	description map[string]any
	byName      map[string]*jsonschema.Resolved
}

func newAnswerSchemas(t *testing.T, text []byte, description map[string]any) *answerSchemas {
	t.Helper()
	text = bytes.ReplaceAll(text, []byte(schemaRef), []byte("#/$defs/"))
	var moved struct {
		Components struct {
			Schemas map[string]*jsonschema.Schema `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(text, &moved); err != nil {
		t.Fatal(err)
	}
	s := &answerSchemas{description, map[string]*jsonschema.Resolved{}}
	for _, schema := range moved.Components.Schemas {
		if schema.AdditionalProperties == nil {
			schema.AdditionalProperties = &jsonschema.Schema{Not: &jsonschema.Schema{}}
		}
	}
	for name := range moved.Components.Schemas {
		root := jsonschema.Schema{Ref: "#/$defs/" + name, Defs: map[string]*jsonschema.Schema{}}
		for other, schema := range moved.Components.Schemas {
			root.Defs[other] = schema.CloneSchemas()
		}
		resolved, err := root.Resolve(nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		s.byName[name] = resolved
	}
	return s
}

// check compares an answer with what the description has for its operation and status.
func (s *answerSchemas) check(r hostileRequest, status int, media string, body []byte) error {
	component := "Problem"
	if r.operation != "" {
		answers := map[string]any{}
		for _, actions := range s.description["paths"].(map[string]any) {
			for _, action := range actions.(map[string]any) {
				if action := action.(map[string]any); action["operationId"] == r.operation {
					answers = action["responses"].(map[string]any)
				}
			}
		}
		answer, ok := answers[fmt.Sprint(status)].(map[string]any)
		if !ok {
			return fmt.Errorf("the operation has no answer with status %d", status)
		}
		if status == http.StatusNoContent {
			return nil
		}
		if answer["$ref"] == nil {
			schema := answer["content"].(map[string]any)["application/json"].(map[string]any)["schema"].(map[string]any)
			component = strings.TrimPrefix(schema["$ref"].(string), schemaRef)
		}
	}
	if want := map[bool]string{true: "application/problem+json", false: "application/json"}[component == "Problem"]; media != want {
		return fmt.Errorf("its type is %s", media)
	}
	var document any
	if err := json.Unmarshal(body, &document); err != nil {
		return err
	}
	return s.byName[component].Validate(document)
}

// besieged is a server to which hostile requests are sent.
type besieged struct {
	*managed

	objects quarry
	schemas *answerSchemas
	log     buffer
	// callers are the values of tokens with different roles, and of none.
	callers []string
	// counts are how often there was which status, and done how often each operation was carried out.
	mu     sync.Mutex
	counts map[int]int
	done   map[string]int
}

// newBesieged returns a server with callers of all roles.
func newBesieged(t *testing.T) *besieged {
	b := &besieged{
		managed: newManaged(t), objects: quarry{ids: map[string][]string{}}, counts: map[int]int{}, done: map[string]int{},
	}
	owner := b.service.As(tokens.AsDatabaseOwner("local:anna@host"))
	group, err := owner.CreateGroup(t.Context(), tokens.NewGroup{
		Request: tokens.NewRequest(time.Now()), GroupSettings: tokens.GroupSettings{Name: "payments"},
	})
	if err != nil {
		t.Fatal(err)
	}
	b.objects.note(group.ID, "", "", "", "")
	b.callers = slices.Repeat([]string{b.owner.Reveal()}, 8)
	b.callers = append(b.callers, "", (&adversary{Rand: rand.New(rand.NewPCG(1, 1))}).secret())
	for i, role := range []string{"none", "viewer", "member", "manager", "administrator", "administrator", "owner"} {
		level := ""
		if i%2 == 1 {
			level = group.ID
		}
		secret, err := tokens.NewSecret(tokens.DefaultPrefix)
		if err != nil {
			t.Fatal(err)
		}
		n := tokens.NewAccessToken{
			NewSecretFor: tokens.NewSecretFor{Request: tokens.NewRequest(time.Now()), Secret: secret},
			GroupID:      level, Settings: tokens.Settings{Name: "caller", Enabled: i != 6},
		}
		n.Own.Role = role
		if _, err := owner.CreateAccessToken(t.Context(), n); err != nil {
			t.Fatal(err)
		}
		b.callers = append(b.callers, secret.Reveal())
	}
	for i := range 10 {
		b.share(owner, i)
	}
	text, description := openAPIOf(t)
	b.schemas = newAnswerSchemas(t, text, description)
	cache := verify.New(b.service.Verifications(), Renderer{}.Identity, verify.Options{
		Rows: 1000, MaxStaleness: time.Minute, Now: time.Now,
	})
	go cache.Run(t.Context(), func(error) {})
	b.server.Close()
	b.server = httptest.NewUnstartedServer(NewManagement(ManagementOptions{
		As: func(p tokens.Principal) tokens.Backend { return b.service.As(p) }, Cache: cache, Now: time.Now,
		Log: slog.New(slog.NewTextHandler(&b.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}))
	b.server.Config.DisableGeneralOptionsHandler = true
	b.server.Config.MaxHeaderBytes = 64 << 10
	b.server.Config.ErrorLog = log.New(&b.log, "net/http: ", 0)
	b.server.Start()
	t.Cleanup(b.server.Close)
	return b
}

// share makes an access token with a previous secret, and shares it with a new member.
func (b *besieged) share(owner tokens.Backend, i int) {
	b.Helper()
	ctx := b.Context()
	secret := func() tokens.NewSecretFor {
		s, err := tokens.NewSecret(tokens.DefaultPrefix)
		if err != nil {
			b.Fatal(err)
		}
		return tokens.NewSecretFor{Request: tokens.NewRequest(time.Now()), Secret: s}
	}
	shared := tokens.Settings{Name: "shared", Enabled: true}
	shared.Policies.Grace = tokens.Grace{Duration: time.Hour}
	token, err := owner.CreateAccessToken(ctx, tokens.NewAccessToken{
		NewSecretFor: secret(), Settings: shared,
	})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := owner.UpdateAccessToken(ctx, token.ID, tokens.AccessTokenUpdate{
		Regeneration: &tokens.Regeneration{NewSecretFor: secret(), Reason: tokens.ReasonTrigger},
	}); err != nil {
		b.Fatal(err)
	}
	member, err := owner.CreateMember(ctx, tokens.NewMember{
		Request: tokens.NewRequest(time.Now()), Email: fmt.Sprintf("m%d@example.com", i),
		MemberSettings: tokens.MemberSettings{Grants: tokens.Grants{Role: tokens.RoleViewer}},
	})
	if err != nil {
		b.Fatal(err)
	}
	if _, err := owner.ShareAccessToken(ctx, tokens.NewTokenShare{
		Request: tokens.NewRequest(time.Now()), AccessTokenID: token.ID, MemberID: member.ID, Role: "viewer",
	}); err != nil {
		b.Fatal(err)
	}
	b.objects.note(token.ID, "", token.ID, member.ID, "")
	b.objects.note(member.ID, "", "", "", "")
}

// send sends a request and checks the answer.
func (b *besieged) send(client *http.Client, caller string, h hostileRequest) {
	r, err := http.NewRequestWithContext(b.Context(), h.method, b.server.URL, strings.NewReader(h.body))
	if err != nil {
		return // a method that net/http doesn't send
	}
	path, query, _ := strings.Cut(h.target, "?")
	r.URL.Opaque, r.URL.RawQuery = "//"+r.URL.Host+path, query // sent as it is
	r.Header = h.header.Clone()
	if caller != "" && r.Header.Get("Authorization") == "" {
		r.Header.Set("Authorization", "Bearer "+caller)
	}
	resp, err := client.Do(r)
	if err != nil {
		if strings.Contains(err.Error(), "net/http: invalid header field") || strings.Contains(err.Error(), "invalid URL") {
			return // it was not sent
		}
		if len(h.body) > largestBody && (errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)) {
			return // the server doesn't read so much, and the answer may be lost
		}
		b.Errorf("%s: %v", describeRequest(h), err)
		return
	}
	body, err := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	if err != nil {
		b.Errorf("%s: %v", describeRequest(h), err)
		return
	}
	b.judge(h, resp, body)
}

// judge checks an answer.
func (b *besieged) judge(h hostileRequest, resp *http.Response, body []byte) {
	status := resp.StatusCode
	b.mu.Lock()
	b.counts[status]++
	if status < 300 {
		b.done[h.operation]++
	}
	b.mu.Unlock()
	media := resp.Header.Get("Content-Type")
	if strings.HasPrefix(media, "text/plain") &&
		(status == http.StatusBadRequest || status == http.StatusRequestHeaderFieldsTooLarge) {
		return // net/http refuses what is no HTTP
	}
	fail := func(format string, args ...any) {
		b.Errorf("%s is %s: %s\n%.2000s", describeRequest(h), resp.Status, fmt.Sprintf(format, args...), body)
	}
	if status >= 500 {
		fail("it must not happen")
	}
	for name, want := range map[string]bool{
		"Www-Authenticate": status == http.StatusUnauthorized, "Allow": status == http.StatusMethodNotAllowed, "Location": false,
		"Set-Cookie": false, "Access-Control-Allow-Origin": false, "Cache-Control": true, "X-Content-Type-Options": true,
	} {
		if has := resp.Header.Get(name) != ""; has != want {
			fail("it has a header %s: %t", name, has)
		}
	}
	if len(body) == 0 && (h.method == http.MethodHead || status == http.StatusNoContent) {
		return
	}
	if status >= 400 {
		var p problem
		if json.Unmarshal(body, &p) != nil || p.Status != status || p.Title != http.StatusText(status) || p.Code == "" ||
			p.Detail == "" {
			fail("it is no problem of that status")
		}
		if h.operation == "" || p.Code == codeNoSuchOperation {
			h.operation = ""
		}
	} else if h.operation == "" {
		return // an operation that the request was not meant for
	}
	if err := b.schemas.check(h, status, media, body); err != nil {
		fail("it doesn't fit the description: %v", err)
	}
	secrets := secretsIn(body)
	var made struct {
		ID            string  `json:"id"`
		Email         string  `json:"email"`
		AccessTokenID string  `json:"access_token_id"`
		MemberID      string  `json:"member_id"`
		Token         *string `json:"token"`
	}
	_ = json.Unmarshal(body, &made) // a list has none
	if status < 300 && made.Token != nil && len(secrets) == 1 && secrets[0] == *made.Token &&
		!strings.Contains(h.body, *made.Token) {
		secrets = nil // the one answer that shows a value which the server made
	}
	if len(secrets) > 0 {
		fail("it holds %d secrets", len(secrets))
	}
	if status == http.StatusCreated {
		var sent struct {
			Token string `json:"token"`
		}
		_ = json.Unmarshal([]byte(h.body), &sent) // it was good
		if made.Token != nil {
			sent.Token = *made.Token
		}
		b.objects.note(made.ID, made.Email, made.AccessTokenID, made.MemberID, sent.Token)
	}
}

// describeRequest returns a request for people. It shows values, which are those of a test.
func describeRequest(h hostileRequest) string {
	return fmt.Sprintf("%s %.300s %.1000s %v (%s)", h.method, h.target, h.body, h.header, h.operation)
}

// Whatever is sent, valid by the description of the API or not, is answered as the description says: never by 500 or worse,
// nor by a secret. None is in the log, in the events or in the database.
func TestHostileRequests(t *testing.T) {
	b := newBesieged(t)
	count, seed := hostileRequests, uint64(20261127)
	switch {
	case *full:
		count, seed = 40_000, rand.Uint64()
	case testing.Short():
		count = 400
	}
	const workers = 4
	_, description := openAPIOf(t)
	send := func(round uint64) {
		var done sync.WaitGroup
		defer done.Wait()
		for worker := range uint64(workers) {
			done.Go(func() {
				client := &http.Client{
					Timeout: time.Minute, Transport: &http.Transport{}, // connections are kept
					CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
				}
				defer client.CloseIdleConnections()
				a := newAdversary(seed+round*workers+worker, description, &b.objects)
				for i := 0; i < count/workers && !t.Failed(); i++ {
					b.send(client, oneOf(a, b.callers...), a.request())
				}
			})
		}
	}
	never := func() (names []string) {
		for _, e := range endpoints() {
			if b.done[e.name] == 0 {
				names = append(names, e.name)
			}
		}
		return names
	}
	// Which operations are carried out depends on how the requests meet.
	const leftOut, rounds = 5, 5
	for round := range uint64(rounds) {
		if send(round); t.Failed() || testing.Short() || len(never()) <= leftOut {
			break
		}
	}
	t.Logf("seed %d: %v\ncarried out: %v", seed, b.counts, b.done)
	if t.Failed() {
		t.Logf("the log:\n%.5000s", b.log.String())
		return
	}
	b.server.Close()
	b.tellsNothing()
	if left := never(); !testing.Short() && len(left) > leftOut {
		t.Errorf("%v were never carried out: the requests don't get far enough", left)
	}
	if got := slices.Sorted(maps.Keys(b.counts)); len(got) < 8 {
		t.Errorf("there were the statuses %v alone", got)
	}
}

// tellsNothing checks that no secret was written to anywhere.
func (b *besieged) tellsNothing() {
	b.Helper()
	if text := b.log.String(); text != "" {
		b.Errorf("the log says\n%.5000s", text)
	}
	events, err := b.service.As(tokens.AsDatabaseOwner("local:anna@host")).Events(b.Context(), tokens.EventQuery{})
	if err != nil {
		b.Fatal(err)
	}
	for _, e := range events {
		if text := fmt.Sprintf("%+v", e); len(secretsIn([]byte(text))) > 0 {
			b.Errorf("an event holds a secret: %s", text)
		}
	}
	if len(events) < 100 {
		b.Errorf("there are %d events alone", len(events))
	}
	files, err := filepath.Glob(b.database + "*")
	if err != nil || len(files) == 0 {
		b.Fatal(files, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			b.Fatal(err)
		}
		if found := secretsIn(content); len(found) > 0 {
			b.Errorf("%s holds %d secrets", filepath.Base(file), len(found))
		}
	}
}

package fastpath_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// factsOf returns the facts in private state.
func factsOf(t *testing.T, private []byte) (facts map[string]any) {
	t.Helper()
	var values map[string][]byte
	if err := json.Unmarshal(private, &values); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(values[managed.FactsKey], &facts); err != nil {
		t.Fatal(err)
	}
	return facts
}

// withFacts returns private state with facts.
func withFacts(t *testing.T, facts map[string]any) []byte {
	t.Helper()
	recorded, err := json.Marshal(facts)
	if err != nil {
		t.Fatal(err)
	}
	private, err := json.Marshal(map[string][]byte{managed.FactsKey: recorded})
	if err != nil {
		t.Fatal(err)
	}
	return private
}

// Whichever server reads, updates or deletes a token: an older copy of the database changes nothing and is told from
// drift, until somebody accepts it. What was read of the database is recorded once it has moved on, and not before.
func TestServersOnOlderCopy(t *testing.T) {
	b := acctest.New(t)
	var servers []*acctest.Caller
	connect := func() {
		servers = []*acctest.Caller{
			acctest.NewCaller(b, providerserver.NewProtocol6(provider.New("test", b.Now))()),
			acctest.NewCaller(b, b.NewServer()),
		}
	}
	connect()
	config := map[string]any{"name": "ci"}
	state, private := servers[1].Create(config)
	made := factsOf(t, private)
	if made["m"] == nil {
		t.Fatalf("a creation recorded no mark: %v", made)
	}
	for _, server := range servers {
		read := server.Read(state, private)
		acctest.NoDiagnostics(b, read.Diagnostics)
		if !bytes.Equal(read.Private, private) {
			t.Errorf("a read of what did not change turned %v into %v", made, factsOf(t, read.Private))
		}

		// A state of an earlier version gets a mark.
		unmarked := maps.Clone(made)
		delete(unmarked, "m")
		read = server.Read(state, withFacts(t, unmarked))
		acctest.NoDiagnostics(b, read.Diagnostics)
		if facts := factsOf(t, read.Private); facts["m"] != made["m"] {
			t.Errorf("a state without a mark got %v, want %v", facts["m"], made["m"])
		}
		// Damage is no state of an earlier version.
		damaged := maps.Clone(made)
		damaged["m"] = "1.x"
		if read := server.Read(state, withFacts(t, damaged)); len(read.Diagnostics) == 0 || read.NewState != nil &&
			server.Decode(read.NewState).IsNull() {
			t.Errorf("a damaged mark: got %v", read)
		}
	}

	// Something else in the database changes, and a refresh is saved.
	putBack := b.Copy()
	_, err := b.Outside.CreateGroup(context.Background(),
		tokens.NewGroup{Request: tokens.NewRequest(b.Now()), GroupSettings: tokens.GroupSettings{Name: "payments"}})
	b.Must(err)
	read := servers[1].Read(state, private)
	acctest.NoDiagnostics(b, read.Diagnostics)
	servers[1].ExpectSame(read, servers[0].Read(state, private))
	private = read.Private
	if facts := factsOf(t, private); facts["m"] == made["m"] {
		t.Errorf("a read recorded %v, as if nothing had changed", facts["m"])
	}

	putBack()
	connect()
	wantRefusal := func(what string, diagnostics []*tfprotov6.Diagnostic) {
		t.Helper()
		if len(diagnostics) != 1 || diagnostics[0].Severity != tfprotov6.DiagnosticSeverityError ||
			!strings.Contains(diagnostics[0].Detail, "is an older copy of database db_") ||
			!strings.Contains(diagnostics[0].Detail, "latchkey restore --accept-current") ||
			!strings.Contains(diagnostics[0].Detail, "It stays in the Terraform state.") {
			t.Errorf("%s: got %v", what, diagnostics)
		}
	}
	events := allEvents(b)
	for _, server := range servers {
		read := server.Read(state, private)
		wantRefusal("a read", read.Diagnostics)
		renamed := map[string]any{"name": "other"}
		updated := server.Apply(renamed, state, server.Plan(renamed, state, private, false))
		wantRefusal("an update", updated.Diagnostics)
		servers[0].ExpectSame(updated.NewState, state)
		deleted := server.Delete(state, private)
		wantRefusal("a deletion", deleted.Diagnostics)
		servers[0].ExpectSame(deleted.NewState, state)
	}
	if now := allEvents(b); now != events {
		t.Errorf("there are %d events, and were %d", now, events)
	}

	b.Accept()
	for _, server := range servers {
		read := server.Read(state, private)
		acctest.NoDiagnostics(b, read.Diagnostics)
		if facts := factsOf(t, read.Private); facts["m"] == made["m"] || facts["m"] == factsOf(t, private)["m"] {
			t.Errorf("accepted: the read recorded %v", facts["m"])
		}
	}
}

// allEvents counts the events of the bench's database.
func allEvents(b *acctest.Bench) int {
	events, err := b.Outside.Events(context.Background(), tokens.EventQuery{})
	b.Must(err)
	return len(events)
}

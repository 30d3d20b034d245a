package acceptance

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// tokenState is an access token in Terraform's state or in the list of the command line.
type tokenState struct {
	ID                      string            `json:"id"`
	TechnicalUserID         string            `json:"technical_user_id"`
	Name                    string            `json:"name"`
	Description             string            `json:"description"`
	Status                  string            `json:"status"`
	Token                   string            `json:"token"`
	TokenPreview            string            `json:"token_preview"`
	SecretVersion           int64             `json:"secret_version"`
	PreviousSecretExpiresAt string            `json:"previous_secret_expires_at"`
	RegenerationReason      string            `json:"regeneration_reason"`
	RegenerateTriggers      map[string]string `json:"regenerate_triggers"`
}

// deploy is the address of the access token in many configurations.
const deploy = tokenPrefix + "deploy"

// deployToken returns the access token at that address, with these settings.
func deployToken(settings string) string {
	return "resource \"latchkey_access_token\" \"deploy\" {\nname = \"deploy\"\n" + settings + "\n}\n"
}

// deploy returns the access token at that address in the state.
func (w *workspace) deploy() tokenState {
	w.t.Helper()
	return w.state().tokens(w.t)[deploy]
}

// holdsCurrentSecret reports whether the state claims to hold the current secret. It doesn't if Terraform saw another
// one in the database, because a regeneration was interrupted or done by someone else.
func (s tokenState) holdsCurrentSecret() bool { return strings.HasPrefix(s.Token, s.TokenPreview) }

// state is what Terraform stores about resources: the attributes of each by address, as JSON.
type state map[string]json.RawMessage

// state reads the state through Terraform.
func (w *workspace) state() state {
	w.t.Helper()
	return parseState(w.t, w.terraform("state", "pull").exits(0).stdout)
}

func parseState(t testing.TB, text string) state {
	t.Helper()
	var file struct {
		Resources []struct {
			Mode      string `json:"mode"`
			Type      string `json:"type"`
			Name      string `json:"name"`
			Instances []struct {
				Key        any             `json:"index_key"`
				Attributes json.RawMessage `json:"attributes"`
			} `json:"instances"`
		} `json:"resources"`
	}
	s := state{}
	if text == "" { // there is no state yet
		return s
	}
	decode(t, text, &file)
	for _, r := range file.Resources {
		if r.Mode != "managed" { // a data source
			continue
		}
		for _, instance := range r.Instances {
			address := r.Type + "." + r.Name
			switch key := instance.Key.(type) {
			case string:
				address += fmt.Sprintf("[%q]", key)
			case float64:
				address += fmt.Sprintf("[%d]", int(key))
			}
			s[address] = instance.Attributes
		}
	}
	return s
}

// addresses returns the addresses of all resources, sorted.
func (s state) addresses() []string { return slices.Sorted(maps.Keys(s)) }

// id returns the identifier of the resource at an address.
func (s state) id(t testing.TB, address string) string {
	t.Helper()
	var attributes struct {
		ID string `json:"id"`
	}
	decode(t, string(s[address]), &attributes)
	return attributes.ID
}

// tokens returns the access tokens in the state by address.
func (s state) tokens(t testing.TB) map[string]tokenState {
	t.Helper()
	tokens := map[string]tokenState{}
	for address, attributes := range s {
		if len(address) > len(tokenPrefix) && address[:len(tokenPrefix)] == tokenPrefix {
			var token tokenState
			decode(t, string(attributes), &token)
			tokens[address] = token
		}
	}
	return tokens
}

const tokenPrefix = "latchkey_access_token."

// tokenList returns the access tokens in the database by identifier, as the command line lists them.
func (w *workspace) tokenList() map[string]tokenState {
	w.t.Helper()
	var list []tokenState
	decode(w.t, w.latchkey("token", "list", "--json").exits(0).stdout, &list)
	byID := map[string]tokenState{}
	for _, token := range list {
		byID[token.ID] = token
	}
	return byID
}

// isActive reports whether a value is active according to the command line.
func (w *workspace) isActive(value string) bool {
	w.t.Helper()
	r := w.latchkeyReading(value, "token", "verify")
	if r.code > 1 || r.stderr != "" {
		w.t.Fatalf("token verify had trouble (exit code %d): %s", r.code, r.stderr)
	}
	return r.code == 0
}

func decode(t testing.TB, text string, into any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("unexpected JSON: %s", err)
	}
}

// plannedChange is a change to a resource in a saved plan.
type plannedChange struct {
	Address string `json:"address"`
	Change  struct {
		Actions      []string       `json:"actions"`
		Before       map[string]any `json:"before"`
		After        map[string]any `json:"after"`
		AfterUnknown map[string]any `json:"after_unknown"`
	} `json:"change"`
}

// plannedChanges reads a saved plan.
func (w *workspace) plannedChanges(file string) []plannedChange {
	w.t.Helper()
	var plan struct {
		Changes []plannedChange `json:"resource_changes"`
	}
	decode(w.t, w.terraform("show", "-json", file).exits(0).stdout, &plan)
	return plan.Changes
}

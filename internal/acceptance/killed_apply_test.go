//go:build linux

package acceptance

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const (
	// fewKills and allKills are how often TestKilledApply kills a working provider, the latter in all rounds.
	fewKills, allKills = 8, 50
	// parallelism is how many operations Terraform runs at once.
	parallelism = 10
)

// TestKilledApply kills the provider at random times during applies that create, regenerate, rename and delete access
// tokens. After each kill, the database is sound and holds everything in the saved state, plus at most one leftover
// access token per interrupted creation. The next complete apply puts everything right and names each leftover, and an
// import block imports it without changing its secret.
func TestKilledApply(t *testing.T) { inEachPlace(t, newWorkspace, testKilledApply) }

func testKilledApply(t *testing.T, w *workspace) {
	random := newRandom(t)

	wish := map[string]wishedToken{}
	for i := range 24 {
		wish[fmt.Sprintf("k%02d", i)] = wishedToken{exists: true, ownUser: i%2 == 0}
	}
	w.configure(tokensAsWished(wish))
	usual := w.applyTimed()

	kills, leftovers := 0, 0
	wanted := rounds(fewKills, allKills)
	if tokens.IsDatabaseAddress(w.database) {
		wanted /= 2
	}
	for kills < wanted || leftovers == 0 && kills < 4*allKills {
		for key, token := range wish {
			wish[key] = token.changed(random)
		}
		w.configure(tokensAsWished(wish))
		leftover := map[string]tokenState{} // by identifier
		said := ""
		for range 1 + random.IntN(3) {
			before := w.state().tokens(t)
			r, killed := w.applyKilled(random, usual)
			if killed {
				kills++
			}
			said += r.prose()
			newLeftover := w.checkAfterKill(wish, before, leftover)
			if len(newLeftover) > parallelism {
				t.Fatalf("one kill left over %d access tokens, but Terraform creates only %d at once", len(newLeftover),
					parallelism)
			}
			maps.Copy(leftover, newLeftover)
			leftovers += len(newLeftover)
		}

		said += w.terraform("apply", "-json").exits(0).prose()
		for id := range leftover {
			if !strings.Contains(said, "beside "+id) {
				t.Errorf("no apply warned of %s (%q), which was left over", id, leftover[id].Name)
			}
		}
		w.checkAfterRecovery(wish, leftover)
		w.checkImport(wish, maps.Clone(leftover))
		for id := range leftover {
			w.latchkey("token", "delete", "--yes", id).exits(0)
		}
		if t.Failed() {
			return
		}
	}
	w.terraform("plan", "-detailed-exitcode").exits(0)
	t.Logf("%d kills left %d access tokens over", kills, leftovers)
	if leftovers == 0 {
		t.Error("no kill came between a commit and its answer, so leftover access tokens were not tested")
	}
}

// wishedToken is what the configuration says about an access token.
type wishedToken struct {
	exists bool
	// ownUser means that the system creates a technical user for the token.
	ownUser              bool
	renamed, regenerated int
}

// changed returns another wish: the token is created, deleted, renamed, regenerated, renamed and regenerated, or
// unchanged.
func (t wishedToken) changed(random *rand.Rand) wishedToken {
	switch random.IntN(5) {
	case 0, 1:
		t.exists = !t.exists
	case 2:
		t.regenerated++
	case 3:
		t.renamed++
		t.regenerated += random.IntN(2)
	}
	return t
}

func (t wishedToken) name(key string) string { return fmt.Sprintf("%s name %d", key, t.renamed) }

// block is the body of a resource for the token.
func (t wishedToken) block(key string) string {
	body := fmt.Sprintf(`
		name                = %q
		regenerate_triggers = { generation = "%d" }
	`, t.name(key), t.regenerated)
	if !t.ownUser {
		body += "technical_user_id = latchkey_technical_user.ci.id\n"
	}
	return body
}

// tokensAsWished returns the configuration for the access tokens that should exist.
func tokensAsWished(wish map[string]wishedToken) string {
	var resources strings.Builder
	resources.WriteString("resource \"latchkey_technical_user\" \"ci\" { name = \"ci\" }\n")
	for _, key := range slices.Sorted(maps.Keys(wish)) {
		if token := wish[key]; token.exists {
			fmt.Fprintf(&resources, "resource \"latchkey_access_token\" %q {\n%s}\n", key, token.block(key))
		}
	}
	return resources.String()
}

// timing is how long an apply usually takes, as a whole and for the part in which resources change.
type timing struct{ whole, changes time.Duration }

// applyTimed applies and returns how long that took.
func (w *workspace) applyTimed() timing {
	w.t.Helper()
	cmd := w.terraformCommand("apply", "-json")
	out := newOutputWatcher(changeBegins)
	cmd.Stdout = out
	started := time.Now()
	if err := cmd.Run(); err != nil {
		w.t.Fatalf("%s\n%s", err, out.text.String())
	}
	return timing{time.Since(started), time.Since(out.seenAt)}
}

// applyKilled applies, and kills the provider at a random time: mostly while resources change, sometimes before. It
// reports whether there was a provider to kill.
func (w *workspace) applyKilled(random *rand.Rand, usual timing) (result, bool) {
	w.t.Helper()
	awaited, within := changeBegins, usual.changes
	if random.IntN(6) == 0 {
		awaited, within = "", usual.whole
	}
	return w.applyInterrupted(awaited, time.Duration(random.Int64N(int64(within))), syscall.SIGKILL)
}

// checkAfterKill compares the database with the saved state. before is the state before the interrupted apply. It
// returns the new leftovers by identifier.
func (w *workspace) checkAfterKill(
	wish map[string]wishedToken, before map[string]tokenState, known map[string]tokenState,
) map[string]tokenState {
	w.t.Helper()
	w.latchkey("doctor").exits(0)
	list := w.tokenList()
	saved := w.state().tokens(w.t)

	for address, token := range saved {
		key := strings.TrimPrefix(address, tokenPrefix)
		wanted := wish[key]
		underWay := !wanted.exists || wanted.name(key) != token.Name ||
			token.RegenerateTriggers["generation"] != strconv.Itoa(wanted.regenerated)
		found, ok := list[token.ID]
		switch {
		case !ok && wanted.exists:
			w.t.Errorf("%s is in the state, but %s is not in the database", address, token.ID)
		case !ok: // its deletion was under way
		case underWay && found.SecretVersion-token.SecretVersion > 1:
			w.t.Errorf("%s has secret version %d in the state and %d in the database: at most one regeneration was under way",
				address, token.SecretVersion, found.SecretVersion)
		case found.SecretVersion < token.SecretVersion,
			!underWay && (found.SecretVersion != token.SecretVersion || found.Name != token.Name):
			w.t.Errorf("%s is %q with secret version %d in the state, but %q with version %d in the database",
				address, token.Name, token.SecretVersion, found.Name, found.SecretVersion)
		case found.SecretVersion == token.SecretVersion && token.holdsCurrentSecret() && !w.isActive(token.Token):
			w.t.Errorf("the secret of %s in the state is refused", address)
		}
	}
	for address, token := range before {
		if _, ok := saved[address]; !ok && list[token.ID].ID != "" {
			w.t.Errorf("%s was deleted and is gone from the state, but %s is in the database", address, token.ID)
		}
	}

	for _, token := range saved {
		delete(list, token.ID)
	}
	names := map[string]bool{}
	leftover := map[string]tokenState{}
	for id, token := range list {
		if _, ok := known[id]; ok {
			continue
		}
		key, _, _ := strings.Cut(token.Name, " ")
		_, inState := saved[tokenPrefix+key]
		if inState || !wish[key].exists || wish[key].name(key) != token.Name {
			w.t.Errorf("%s (%q) is in the database, but no creation of it was under way", id, token.Name)
		}
		if names[token.Name] {
			w.t.Errorf("%s (%q) is the second token that one interrupted creation left over", id, token.Name)
		}
		names[token.Name] = true
		leftover[id] = token
	}
	return leftover
}

// checkAfterRecovery checks that state, database and configuration agree, apart from the leftovers.
func (w *workspace) checkAfterRecovery(wish map[string]wishedToken, leftover map[string]tokenState) {
	w.t.Helper()
	list := w.tokenList()
	saved := w.state().tokens(w.t)
	for key, wanted := range wish {
		token, ok := saved[tokenPrefix+key]
		found := list[token.ID]
		switch {
		case ok != wanted.exists:
			w.t.Errorf("%s is in the state: %t, in the configuration: %t", key, ok, wanted.exists)
		case !wanted.exists:
		case found.Name != wanted.name(key) || found.SecretVersion != token.SecretVersion || !w.isActive(token.Token):
			w.t.Errorf("%s is %q with secret version %d in the state, but %q with version %d in the database, or its secret "+
				"is refused",
				key, token.Name, token.SecretVersion, found.Name, found.SecretVersion)
		}
		delete(list, token.ID)
	}
	for id := range leftover {
		delete(list, id)
	}
	if len(list) > 0 {
		w.t.Errorf("in the database, but neither in the state nor left over: %v", slices.Collect(maps.Keys(list)))
	}
}

// checkImport checks that import blocks import the leftovers without changing a secret. It empties the map.
func (w *workspace) checkImport(wish map[string]wishedToken, leftover map[string]tokenState) {
	w.t.Helper()
	if len(leftover) == 0 {
		return
	}
	var blocks strings.Builder
	for id, token := range leftover {
		key, _, _ := strings.Cut(token.Name, " ")
		fmt.Fprintf(&blocks,
			"import {\n to = latchkey_access_token.%s\n id = %q\n}\nresource \"latchkey_access_token\" %q {\n%s}\n", id, id, id,
			wish[key].block(key))
	}
	w.write("import.tf", blocks.String())
	w.terraform("plan", "-out=import.tfplan").exits(0).
		says(fmt.Sprintf("Plan: %d to import, 0 to add, %d to change, 0 to destroy.", len(leftover), len(leftover)))
	for _, change := range w.plannedChanges("import.tfplan") {
		token, ok := leftover[strings.TrimPrefix(change.Address, tokenPrefix)]
		if !ok {
			continue
		}
		for _, attribute := range []string{"id", "token", "token_preview", "secret_version"} {
			if change.Change.AfterUnknown[attribute] == true ||
				change.Change.Before[attribute] != change.Change.After[attribute] {
				w.t.Errorf("the import of %s changes %s", token.ID, attribute)
			}
		}
		if change.Change.After["token_preview"] != token.TokenPreview {
			w.t.Errorf("the import of %s plans a different secret", token.ID)
		}
		delete(leftover, token.ID)
	}
	if len(leftover) > 0 {
		w.t.Errorf("missing from the plan with the imports: %v", slices.Collect(maps.Keys(leftover)))
	}
	w.remove("import.tf")
}

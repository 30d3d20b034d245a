package acceptance

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestLastUse follows a use from the request of a gateway to where people see it: a server writes it, the list and the
// data source show it, and a plan refuses to destroy what it protects.
func TestLastUse(t *testing.T) {
	w := newWorkspace(t)
	const shown = `
		data "latchkey_access_token" "deploy" { id = latchkey_access_token.deploy.id }
		output "last_used_at" { value = data.latchkey_access_token.deploy.last_used_at }
		output "use_count" { value = data.latchkey_access_token.deploy.use_count }
	`
	const protected = `
		protect_if_used_within = "1d"
		regenerate_triggers    = { generation = "1" }
	`
	w.configure(deployToken(protected) + shown)
	w.terraform("apply").exits(0)
	token := w.deploy()
	w.terraform("plan", "-destroy").exits(0) // nobody has used it
	w.latchkey("token", "list").exits(0).says("Never")

	began := time.Now()
	s := w.serve()
	const uses = 3
	for range uses {
		if got := s.judge(authenticate, token.Token); got.status != http.StatusOK {
			t.Fatalf("a request: got %d", got.status)
		}
	}
	s.get("/v1/authorize/orders:read", token.Token) // whether it may is another question
	s.signal(syscall.SIGTERM)
	if code := s.wait(); code != 0 {
		t.Fatalf("the server ended with %d:\n%s", code, s.log())
	}

	var list []struct {
		LastUsedAt time.Time `json:"last_used_at"`
		UseCount   int64     `json:"use_count"`
	}
	decode(t, w.latchkey("token", "list", "--json").exits(0).stdout, &list)
	if len(list) != 1 || list[0].LastUsedAt.Before(began.Truncate(time.Second)) || list[0].LastUsedAt.After(time.Now()) ||
		list[0].UseCount != uses+1 {
		t.Errorf("the list shows %+v", list)
	}
	w.latchkey("token", "list").exits(0).saysNot("Never")
	w.terraform("apply", "-refresh-only").exits(0)
	var outputs map[string]struct{ Value json.RawMessage }
	decode(t, w.terraform("output", "-json").exits(0).stdout, &outputs)
	if got := string(outputs["use_count"].Value); got != strconv.Itoa(uses+1) {
		t.Errorf("the data source shows %s uses", got)
	}
	if got := strings.Trim(string(outputs["last_used_at"].Value), `"`); got != list[0].LastUsedAt.Format(time.RFC3339Nano) {
		t.Errorf("the data source shows a last use at %s, and the list at %s", got, list[0].LastUsedAt)
	}

	const refusal = "was last used"
	w.terraform("plan", "-destroy").exits(1).says(refusal, "protect_if_used_within")
	w.configure(deployToken(protected + "enabled = false"))
	w.terraform("plan").exits(1).says(refusal)
	w.configure(deployToken(strings.Replace(protected, `"1" }`, `"2" }`, 1)))
	w.terraform("plan").exits(1).says(refusal)
	w.configure(deployToken(protected) + shown)
	w.terraform("plan", "-detailed-exitcode").exits(0) // a use is no difference
}

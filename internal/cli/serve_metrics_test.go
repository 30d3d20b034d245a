package cli_test

import (
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// metricInGuide is a row of the table of metrics in the guide.
var metricInGuide = regexp.MustCompile("(?m)^\\| `(latchkey_[a-z_]+)` \\| ([a-z]+) \\| .")

// The guide lists every metric of the server with its type, and no other.
func TestGuideListsEveryMetric(t *testing.T) {
	listed := map[string]string{}
	guide := string(must(os.ReadFile("../../templates/guides/running-the-server.md.tmpl")))
	for _, row := range metricInGuide.FindAllStringSubmatch(guide, -1) {
		listed[row[1]] = row[2]
	}
	database, value := newDatabase(t)
	directory := t.TempDir()
	newCertificate(t, directory, "server")
	s := startReadyServer(t, database, "--tls-cert", directory+"/server.crt", "--tls-key", directory+"/server.key")
	s.tells(s.base+"/v1/authorize/api:read", value) // from here on it can tell
	if got := s.get(s.base+"/v1/authenticate", value); got.status != 200 {
		t.Fatalf("got %+v", got)
	}
	for path, want := range map[string]int{
		"/v1/database": 200, "/v1/groups/grp_none": 404, "/v1/nothing": 404, "/openapi.json": 200,
	} {
		if got := s.get(s.base+path, value); got.status != want {
			t.Fatalf("%s is %+v", path, got)
		}
	}
	var metrics string
	s.eventually("tokens are counted", func() bool {
		metrics = s.get(s.base+"/metrics", "").body
		return strings.Contains(metrics, `latchkey_access_tokens{status="active"} 1`)
	})
	scraped := map[string]string{}
	for line := range strings.Lines(metrics) {
		if words := strings.Fields(line); len(words) == 4 && words[1] == "TYPE" && strings.HasPrefix(words[2], "latchkey_") {
			scraped[words[2]] = words[3]
		}
	}
	if diff := cmp.Diff(scraped, listed); diff != "" {
		t.Errorf("the metrics of the server (-server +guide):\n%s", diff)
	}
	for _, name := range slices.Sorted(maps.Keys(scraped)) {
		if help := "# HELP " + name + " "; !strings.Contains(metrics, help) {
			t.Errorf("%s has no help", name)
		}
	}
	for _, want := range []string{
		`latchkey_requests_total{endpoint="authenticate",outcome="allowed"} 1`,
		`latchkey_management_requests_total{code="ok",operation="showDatabase"} 1`,
		`latchkey_management_requests_total{code="not_found",operation="showGroup"} 1`,
		`latchkey_management_requests_total{code="unavailable",operation="createAccessToken"} 0`,
		`latchkey_management_requests_total{code="no_such_operation",operation="other"} 1`,
		`latchkey_management_request_duration_seconds_count{method="GET"} 2`,
		`latchkey_management_request_duration_seconds_count{method="DELETE"} 0`,
	} {
		if !strings.Contains(metrics, want+"\n") {
			t.Errorf("the metrics lack %s", want)
		}
	}
}

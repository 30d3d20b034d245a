package cli

import (
	"strings"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestMeant(t *testing.T) {
	const (
		first  = "tok_06w3thf1013xh6e107my15gy20"
		second = "tok_06w3thf2013xh6e107my15gy20"
		third  = "tok_06w4f4ms00b990sdttqqn02pbc"
		fourth = "tok_06w5m24g0096vhzb2jeng9f500"
		gone   = "tok_06w5m24g0096vhzb2jeng9f504" // that of no token
	)
	all := map[tokens.Kind][]namedObject{
		tokens.KindAccessToken: {
			{id: first, name: "deploy", address: "ci@acme.latchkey.internal"},
			{id: second, name: "deploy", address: "cd@acme.latchkey.internal"},
			{id: third, name: "a/b", address: "ci@acme.latchkey.internal"},
			{id: fourth, name: "tok_06w4f4", address: "x@acme.latchkey.internal"},
			{id: "tok_06w6m24g0096vhzb2jeng9f500", name: "ci@acme.latchkey.internal/deploy", address: ""},
			{id: "tok_06w7m24g0096vhzb2jeng9f500", name: third, address: ""},
			{id: "tok_06w8m24g0096vhzb2jeng9f500", name: "Zu\u0308rich", address: ""},
			{id: "tok_06w9m24g0096vhzb2jeng9f500", name: "ci@acme.latchkey.internal_" + first, address: ""},
			{id: "tok_06wam24g0096vhzb2jeng9f500", name: "gone@acme.latchkey.internal/hidden", address: ""},
			{id: "tok_06wbm24g0096vhzb2jeng9f500", name: "gone@acme.latchkey.internal_" + gone, address: ""},
			{id: "tok_06wcm24g0096vhzb2jeng9f500", name: gone, address: ""},
			{id: "tok_06wdm24g0096vhzb2jeng9f500", name: "ci@acme.latchkey.internal", address: ""},
		},
		tokens.KindMember: {
			{id: "mem_06w3thf1013xh6e107my15gy20", name: "Ada", address: "ada@example.com"},
			{id: "mem_06w4thf1013xh6e107my15gy20", name: "Ada", address: "lovelace@example.com"},
			{id: "mem_06w5thf1013xh6e107my15gy20", name: "", address: "nameless@example.com"},
			{id: "mem_06w6thf1013xh6e107my15gy20", name: "boss@example.com", address: "mallory@example.com"},
			{id: "mem_06w7thf1013xh6e107my15gy20", name: "ada@example.com", address: "eve@example.com"},
			{id: "mem_06w8thf1013xh6e107my15gy20", name: "mem_06w9thf1013xh6e107my15gy20", address: "oscar@example.com"},
		},
		tokens.KindRole: {{name: "viewer"}, {id: "rol_06w3thf1013xh6e107my15gy20", name: "boss"}},
	}
	for _, test := range []struct {
		kind tokens.Kind
		text string
		want string // the names and addresses of what is meant
	}{
		// A whole identifier, also where it is the name of another one.
		{"tok", first, "deploy of ci@acme.latchkey.internal"},
		{"tok", third, "a/b of ci@acme.latchkey.internal"},
		// The address and the name, or the qualified identifier.
		{"tok", "cd@acme.latchkey.internal/deploy", "deploy of cd@acme.latchkey.internal"},
		{"tok", "CD@Acme.latchkey.internal/deploy", "deploy of cd@acme.latchkey.internal"},
		{"tok", "ci@acme.latchkey.internal/a/b", "a/b of ci@acme.latchkey.internal"},
		{"tok", "ci@acme.latchkey.internal_" + first, "deploy of ci@acme.latchkey.internal"},
		{"tok", "cd@acme.latchkey.internal_" + first, ""},
		{"tok", "cd@acme.latchkey.internal/a/b", ""},
		{"tok", "/deploy", ""},
		// An exact name.
		{"tok", "a/b", "a/b of ci@acme.latchkey.internal"},
		{"tok", "deploy", "deploy of ci@acme.latchkey.internal, deploy of cd@acme.latchkey.internal"},
		{"tok", "Deploy", ""},
		{"tok", "deplo", ""},
		{"tok", "Z\u00fcrich", "Zu\u0308rich of "},
		{"tok", "", ""},
		// The beginning of an identifier.
		{"tok", "tok_06w3thf1", "deploy of ci@acme.latchkey.internal"},
		{"tok", "tok_06w3th", "deploy of ci@acme.latchkey.internal, deploy of cd@acme.latchkey.internal"},
		{"tok", "tok_06w3t", ""},
		{"tok", "06w3thf1", ""},
		{"tok", "mem_06w3thf1", ""},
		{"tok", "TOK_06W3THF1", ""},
		{"tok", "tok_06w3thf1!", ""},
		// What has one of the first forms is nobody's name.
		{"tok", "ci@acme.latchkey.internal/deploy", "deploy of ci@acme.latchkey.internal"},
		{"tok", "gone@acme.latchkey.internal/hidden", ""},
		{"tok", "Gone@acme.latchkey.internal/hidden", ""},
		{"tok", "gone@acme.latchkey.internal_" + gone, ""},
		{"tok", gone, ""},
		{"tok", "ci@acme.latchkey.internal", "ci@acme.latchkey.internal of "},
		// Two ways to two objects.
		{"tok", "tok_06w4f4", "a/b of ci@acme.latchkey.internal, tok_06w4f4 of x@acme.latchkey.internal"},

		{"mem", "ADA@example.com", "Ada of ada@example.com"},
		{"mem", "boss@example.com", ""},
		{"mem", "Boss@example.com", ""},
		{"mem", "mem_06w9thf1013xh6e107my15gy20", ""},
		{"mem", "Ada", "Ada of ada@example.com, Ada of lovelace@example.com"},
		{"mem", "mem_06w5th", " of nameless@example.com"},
		{"mem", "", ""},
		{"rol", "viewer", "viewer of "},
		{"rol", "rol_06w3thf1", "boss of "},
		{"rol", "rol_06w3thf1013xh6e107my15gy20", "boss of "},
		{"rol", "bos", ""},
	} {
		var got []string
		for _, o := range meant(test.kind, test.text, all[test.kind]) {
			got = append(got, o.name+" of "+o.address)
		}
		if got := strings.Join(got, ", "); got != test.want {
			t.Errorf("%s %q means %q, want %q", test.kind.Noun(), test.text, got, test.want)
		}
	}
}

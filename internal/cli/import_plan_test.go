package cli

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestWithoutKeys(t *testing.T) {
	for address, want := range map[string]string{
		"":                                    "",
		"module.a":                            "module.a",
		"module.a.module.b":                   "module.a.module.b",
		`module.a[0].module.b["x"]`:           "module.a.module.b",
		`module.a["x.module.y"].module.b`:     "module.a.module.b",
		`module.a["[]\"].module.c"].module.b`: "module.a.module.b",
		`module.a["\\"].module.b`:             "module.a.module.b",
	} {
		if got := withoutKeys(address); got != want {
			t.Errorf("%s without keys is %s, want %s", address, got, want)
		}
	}
}

// FuzzPlan reads and matches what Terraform would never write. Whatever is imported is an object of the database or one
// that the plan already imports, and no object is imported to two addresses.
func FuzzPlan(f *testing.F) {
	f.Add([]byte(`{"format_version":"1.2","resource_changes":[
		{"address":"latchkey_group.a","mode":"managed","type":"latchkey_group","name":"a","change":{"actions":["create"],"after":{"name":"payments"},"after_unknown":false}},
		{"address":"module.m[\"x\"].latchkey_technical_user.b","module_address":"module.m[\"x\"]","mode":"managed","type":"latchkey_technical_user","name":"b",
			"change":{"actions":["create"],"after":{"name":"ci"},"after_unknown":{"group_id":true}}}],
		"configuration":{"root_module":{"module_calls":{"m":{"module":{"resources":[
			{"address":"latchkey_technical_user.b","expressions":{"group_id":{"references":["latchkey_group.a.id","latchkey_group.a"]}}}]}}}}}}`))
	f.Add([]byte(`{"format_version":"1.2","resource_changes":[null,{"change":{"importing":{}}}]}`))
	f.Fuzz(func(t *testing.T, content []byte) {
		plan := new(terraformPlan)
		if plan.read(json.NewDecoder(bytes.NewReader(content))) != nil {
			return
		}
		addresses := map[string]string{"grp_1": "", "tu_1": ""}
		for _, outcome := range plan.match([]manageable{
			{kind: tokens.KindGroup, id: "grp_1", key: "payments"},
			{kind: tokens.KindTechnicalUser, id: "tu_1", key: technicalUserKey("ci", "grp_1")},
		}) {
			address, ours := addresses[outcome.id]
			switch {
			case outcome.id == "" && outcome.reason == "":
				t.Errorf("%q has neither an identifier nor a reason", outcome.address)
			case ours && address != "" && !plan.known()[outcome.id]:
				t.Errorf("%s is imported to %q and to %q", outcome.id, address, outcome.address)
			case ours:
				addresses[outcome.id] = outcome.address
			}
		}
	})
}

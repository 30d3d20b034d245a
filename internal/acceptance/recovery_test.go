package acceptance

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// organization is a configuration with one of everything, at several kinds of addresses that only Terraform knows.
const organization = `
	resource "latchkey_group" "team" {
		for_each = toset(["payments", "search"])
		name     = each.key
	}
	resource "latchkey_role" "deployer" {
		name        = "deployer"
		permissions = ["deployments:*", "tokens:read"]
	}
	resource "latchkey_member" "anna" {
		email = "anna@example.com"
		role  = "administrator"
	}
	resource "latchkey_technical_user" "ci" {
		for_each = latchkey_group.team
		name     = "ci"
		group_id = each.value.id
		role     = latchkey_role.deployer.name
	}
	resource "latchkey_access_token" "deploy" {
		for_each            = latchkey_technical_user.ci
		name                = "deploy"
		technical_user_id   = each.value.id
		ttl                 = "90d"
		regenerate_triggers = { generation = "1" }
	}
	resource "latchkey_access_token" "own" {
		name       = "own"
		visibility = "restricted"
	}
	resource "latchkey_token_share" "anna" {
		access_token_id = latchkey_access_token.own.id
		member_id       = latchkey_member.anna.id
		role            = "manager"
	}
`

// TestLostState loses the state and recovers everything with import blocks that the command line writes. Every secret
// stays as it was, and the next plan is empty.
func TestLostState(t *testing.T) {
	w := newWorkspace(t)
	w.configure(organization)
	w.terraform("apply").exits(0)
	before := w.state()
	wanted := w.tokenList()
	values := w.state().tokens(t)

	w.remove("terraform.tfstate")
	// Objects that refer to others can be told apart once those are imported: here, tokens of technical users with the
	// same name.
	for round := 1; !strings.Contains(w.terraform("plan", "-out=lost.tfplan").exits(0).prose(),
		" to import, 0 to add, "); round++ {
		if round > 3 {
			t.Fatalf("after three rounds, something is still missing:\n%s", w.terraform("plan").stdout)
		}
		plan := w.terraform("show", "-json", "lost.tfplan").exits(0).stdout
		w.write("imports.tf", w.latchkeyReading(plan, "import-blocks", "--plan", "-").exits(0).stdout)
	}
	w.terraform("plan").exits(0).says("10 to import, 0 to add,", "0 to destroy.").saysNot("regeneration_reason =",
		"must be replaced")
	w.terraform("apply").exits(0).says("10 imported, 0 added,", "0 destroyed.")
	w.remove("imports.tf")
	w.terraform("plan", "-detailed-exitcode").exits(0)

	if got, want := w.state().addresses(), before.addresses(); !slices.Equal(got, want) {
		t.Errorf("the state holds %s, want %s", got, want)
	}
	if got := w.tokenList(); !maps.EqualFunc(got, wanted, func(a, b tokenState) bool {
		return a.SecretVersion == b.SecretVersion && a.TokenPreview == b.TokenPreview && a.Status == b.Status
	}) {
		t.Errorf("the tokens changed:\n%v\n%v", wanted, got)
	}
	for address, token := range values {
		if !w.isActive(token.Token) {
			t.Errorf("the value of %s does not work any more", address)
		}
	}
}

// TestUnknownToState finds what is in the database but not in the state.
func TestUnknownToState(t *testing.T) {
	w := newWorkspace(t)
	w.configure(organization)
	w.terraform("apply").exits(0)
	rest := w.latchkeyReading(w.terraform("state", "pull").stdout, "import-blocks", "--without", "-").exits(0).stdout
	if strings.Contains(rest, "import {") {
		t.Errorf("the state has everything, but this is listed:\n%s", rest)
	}
	w.latchkey("token", "create", "by hand").exits(0)
	rest = w.latchkeyReading(w.terraform("state", "pull").stdout, "import-blocks", "--without", "-").exits(0).stdout
	if strings.Count(rest, "import {") != 1 || !strings.Contains(rest, "latchkey_access_token.by_hand") {
		t.Errorf("one token is not in the state, but this is listed:\n%s", rest)
	}
}

// TestLostDatabase restores a backup from before several changes. The plan shows each of them, and only an apply
// changes anything.
func TestLostDatabase(t *testing.T) {
	w := newWorkspace(t)
	resources := func(name, generation, rest string) string {
		return `
			resource "latchkey_technical_user" "ci" { name = "ci" }
			resource "latchkey_member" "anna" { email = "anna@example.com" }
			resource "latchkey_access_token" "renamed" {
				name              = "` + name + `"
				technical_user_id = latchkey_technical_user.ci.id
			}
			resource "latchkey_access_token" "regenerated" {
				name                = "regenerated"
				technical_user_id   = latchkey_technical_user.ci.id
				regenerate_triggers = { generation = "` + generation + `" }
			}
			resource "latchkey_access_token" "held" {
				name              = "held"
				technical_user_id = latchkey_technical_user.ci.id
			}
			resource "latchkey_access_token" "same" {
				name              = "same"
				technical_user_id = latchkey_technical_user.ci.id
			}
		` + rest
	}
	w.configure(resources("before", "1", `
		resource "latchkey_access_token" "deleted" {
			name              = "deleted"
			technical_user_id = latchkey_technical_user.ci.id
		}
	`))
	w.terraform("apply").exits(0)
	w.latchkey("backup", w.path("old.backup")).exits(0)
	old := w.state().tokens(t)
	const renamed, regenerated, held, made = tokenPrefix + "renamed", tokenPrefix + "regenerated", tokenPrefix + "held",
		tokenPrefix + "made"

	w.configure(resources("after", "2", `
		resource "latchkey_access_token" "made" {
			name              = "made"
			technical_user_id = latchkey_technical_user.ci.id
		}
		resource "latchkey_token_share" "anna" {
			access_token_id = latchkey_access_token.same.id
			member_id       = latchkey_member.anna.id
			role            = "viewer"
		}
	`))
	w.latchkey("token", "hold", old[held].ID, "--reason", "seen in a public log").exits(0)
	w.latchkey("token", "hold", old[renamed].ID, "--reason", "seen on a screen").exits(0)
	w.terraform("apply").exits(0).says("2 added, 2 changed, 1 destroyed")
	w.terraform("plan", "-detailed-exitcode").exits(0).says("Access token is held", "one more similar warning")
	current := w.state().tokens(t)

	w.latchkey("restore", w.path("old.backup"), "--yes").exits(0)
	seen := w.terraform("plan", "-detailed-exitcode").exits(2).says(
		`~ name = "before" -> "after"`,
		`regeneration_reason = "trigger" -> "drift"`,
		made+" will be created",
		"latchkey_token_share.anna will be created",
		"seen in a public log", "seen on a screen", // the holds are gone, which nobody declared
		"Plan: 2 to add, 2 to change, 0 to destroy.",
	)
	if strings.Contains(seen.prose(), tokenPrefix+"same will be") {
		t.Errorf("the plan changes something that is the same:\n%s", seen.stdout)
	}
	rest := w.latchkeyReading(w.terraform("state", "pull").stdout, "import-blocks", "--without", "-").exits(0).stdout
	if strings.Count(rest, "import {") != 1 || !strings.Contains(rest, "latchkey_access_token.deleted") {
		t.Errorf("one token that the state does not know came back, but this is listed:\n%s", rest)
	}
	if w.isActive(current[regenerated].Token) || !w.isActive(old[regenerated].Token) {
		t.Error("a plan changed which secret is active")
	}

	w.terraform("apply").exits(0).says("2 added, 2 changed, 0 destroyed")
	w.terraform("plan", "-detailed-exitcode").exits(0)
	if now := w.state().tokens(t)[regenerated]; !w.isActive(now.Token) || w.isActive(old[regenerated].Token) ||
		w.isActive(current[regenerated].Token) {
		t.Error("the regenerated token should have a third secret, and no other active one")
	}
}

// TestSameVersionOtherSecret regenerates a token after a restore, so that its secret has the same version as the one in
// the state but is different.
func TestSameVersionOtherSecret(t *testing.T) {
	w := newWorkspace(t)
	configure := func(generation string) {
		w.configure(`
			resource "latchkey_access_token" "deploy" {
				name                = "deploy"
				regenerate_triggers = { generation = "` + generation + `" }
			}
		`)
	}
	const deploy = tokenPrefix + "deploy"
	configure("1")
	w.terraform("apply").exits(0)
	w.latchkey("backup", w.path("old.backup")).exits(0)
	configure("2")
	w.terraform("apply").exits(0)
	w.latchkey("restore", w.path("old.backup"), "--yes").exits(0)
	token := w.state().tokens(t)[deploy]
	byHand := strings.TrimSpace(w.latchkey("token", "regenerate", token.ID).exits(0).stdout)
	if other := w.tokenList()[token.ID]; other.SecretVersion != token.SecretVersion {
		t.Fatalf("the secret in the database has version %d, the one in the state %d", other.SecretVersion,
			token.SecretVersion)
	}
	w.terraform("plan", "-detailed-exitcode").exits(2).says(`regeneration_reason = "trigger" -> "drift"`)
	if !w.isActive(byHand) {
		t.Error("a plan ended the secret")
	}
	w.terraform("apply").exits(0)
	if now := w.state().tokens(t)[deploy]; !w.isActive(now.Token) || w.isActive(byHand) {
		t.Error("the token should have a new secret, and no other active one")
	}
	w.terraform("plan", "-detailed-exitcode").exits(0)
}

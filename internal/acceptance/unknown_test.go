package acceptance

import "testing"

// What names another object by way of a data source that Terraform reads only during the apply is replaced by it, even
// if nothing changes. The plan says so of each object, and what to write instead.
func TestPlanWarnsOfReplacementByUnknown(t *testing.T) {
	w := newWorkspace(t)
	config := func(generation, groupID, userID, memberID string) string {
		return `
			resource "terraform_data" "generation" {
				input = "` + generation + `"
			}
			resource "latchkey_group" "shop" {
				name = "shop"
			}
			resource "latchkey_member" "ada" {
				email = "ada@acme.example"
			}
			resource "latchkey_technical_user" "ci" {
				name = "ci"
			}
			data "latchkey_groups" "all" {
				depends_on = [latchkey_group.shop, terraform_data.generation]
			}
			data "latchkey_technical_user" "ci" {
				email      = "ci@acme.latchkey.internal"
				depends_on = [latchkey_technical_user.ci, terraform_data.generation]
			}
			data "latchkey_members" "all" {
				depends_on = [latchkey_member.ada, terraform_data.generation]
			}
			resource "latchkey_technical_user" "till" {
				name     = "till"
				group_id = ` + groupID + `
			}
			resource "latchkey_access_token" "deploy" {
				name              = "deploy"
				technical_user_id = ` + userID + `
			}
			resource "latchkey_token_share" "ada" {
				access_token_id = latchkey_access_token.deploy.id
				member_id       = ` + memberID + `
				role            = "viewer"
			}`
	}
	const byGroups, byUser, byMembers = "one(data.latchkey_groups.all.groups).id", "data.latchkey_technical_user.ci.id",
		"one(data.latchkey_members.all.members).id"
	w.configure(config("1", byGroups, byUser, byMembers))
	w.terraform("apply").exits(0)
	w.terraform("plan", "-detailed-exitcode").exits(0)

	w.configure(config("2", byGroups, byUser, byMembers))
	w.terraform("plan", "-detailed-exitcode").exits(2).
		says("Replacing technical user because of a value that is not known yet", `Technical user "till" (tu_`,
			"group_id = latchkey_group.NAME.id",
			"Replacing access token because of a value that is not known yet", `Access token "deploy" (tok_`,
			"technical_user_id = latchkey_technical_user.NAME.id",
			"Replacing token share because of a value that is not known yet", "member_id = latchkey_member.NAME.id")

	w.configure(config("2", "latchkey_group.shop.id", "latchkey_technical_user.ci.id", "latchkey_member.ada.id"))
	before := w.deploy()
	w.terraform("apply").exits(0).saysNot("Replacing")
	if after := w.deploy(); after.ID != before.ID || after.Token != before.Token {
		t.Error("the token was replaced")
	}
}

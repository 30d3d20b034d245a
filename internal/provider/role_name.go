package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Configurations name roles, and accounts and tokens hold them by their identifiers. Where a run deletes a held role, or
// gives its name to another one, what holds it differs from its configuration until the next apply. The plan of what
// holds it can't show that yet, so the role warns.

// leavingRole and takingRole are the keys of notes about a name: by the plan, a role that is held goes without it (the
// note says what holds the role), and another one takes it.
type (
	leavingRole string
	takingRole  string
)

// ModifyPlan warns where the name of a held role passes to another role, and of a database that a new one makes.
func (r *roleResource) ModifyPlan(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) {
	managed.PlanIdentity(req, resp)
	if r.Connection == nil {
		return
	}
	var state, plan roleModel
	if req.Plan.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
		r.RefuseOwn(ctx, managed.StepDestroy, state.subject(), &resp.Diagnostics)
		return
	}
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if req.State.Raw.IsNull() {
		r.WarnOfNewDatabase(ctx, &resp.Diagnostics)
	} else {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if !attribute.IsGiven(plan.Name) || plan.Name.Equal(state.Name) || resp.Diagnostics.HasError() {
		return
	}
	from, to := state.Name.ValueString(), plan.Name.ValueString()
	if holders := r.holders(ctx, req, state, &resp.Diagnostics); holders != "" {
		r.Notes.Store(leavingRole(from), holders)
		if _, taken := r.Notes.Load(takingRole(from)); taken {
			r.warnOfPassing(from, &resp.Diagnostics)
		}
	}
	r.Notes.Store(takingRole(to), true)
	r.warnOfPassing(to, &resp.Diagnostics)
}

// holders says what holds the role of a state; empty where nothing does.
func (r *roleResource) holders(
	ctx context.Context, req resource.ModifyPlanRequest, state roleModel, diags *diag.Diagnostics,
) string {
	var f managed.Facts
	managed.ReadFacts(ctx, req.Private, &f, diags)
	ctx, backend, err := r.OpenFor(ctx, &f)
	if err != nil || state.ID.ValueString() == "" {
		return "" // the change itself says what is wrong
	}
	holders, err := backend.RoleHolders(ctx, state.ID.ValueString())
	if err != nil {
		return ""
	}
	return holders.String()
}

// warnOfPassing warns of a name that a held role goes without and another one takes, whichever was planned first.
func (r *roleResource) warnOfPassing(name string, diags *diag.Diagnostics) {
	holders, leaving := r.Notes.LoadAndDelete(leavingRole(name))
	if !leaving {
		return
	}
	diags.AddWarning("The name of a role passes to another role", fmt.Sprintf(
		"The role that is named %q is held by %s, which keep it under its new name. Where their configuration still says "+
			"%q after this apply, the next plan shows the difference, and its apply gives them the role that has the name then.",
		name, holders, name))
}

// warnOfDeletion warns that a role was deleted that was held.
func (m *roleModel) warnOfDeletion(holders tokens.RoleHolders, diags *diag.Diagnostics) {
	if holders == (tokens.RoleHolders{}) {
		return
	}
	diags.AddWarning("Deleted a role that was held", fmt.Sprintf(
		"%s was held by %s. In its place they have the role %q until they are given another one: a role that is made again "+
			"under the name, by this apply or later, is not theirs. Where their configuration still says %q, the next plan "+
			"shows the difference, and its apply gives them the role that has the name then.",
		m.subject(), holders, tokens.RoleNone, m.Name.ValueString()))
}

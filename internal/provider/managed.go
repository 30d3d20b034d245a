package provider

import (
	"context"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// managed is what every resource is built on: the connection to the backend, and the steps that all of them share.
type managed struct{ *connection }

// Configure takes the connection from the provider. Terraform also calls it before the provider is configured.
func (m *managed) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	m.connection = connectionFrom(req.ProviderData, &resp.Diagnostics)
}

// nameRetries are the waits between attempts to create what another object stands in the way of: 5 s in all. Terraform
// destroys and creates instances with new keys side by side, so the name may be about to become free.
var nameRetries = []time.Duration{
	100 * time.Millisecond, 400 * time.Millisecond, time.Second, 1500 * time.Millisecond, 2 * time.Second,
}

// createWhenFree calls create, and again while it meets a conflict.
func createWhenFree[T any](ctx context.Context, create func() (T, error)) (T, error) {
	object, err := create()
	for _, wait := range nameRetries {
		if tokens.ErrorCode(err) != tokens.CodeConflict {
			break
		}
		select {
		case <-ctx.Done():
			return object, err
		case <-time.After(wait):
		}
		object, err = create()
	}
	return object, err
}

// finishCreate records which database a new object lives in. The state is set before, so that a failure here loses nothing.
func finishCreate(ctx context.Context, backend tokens.Backend, f facts, s subject, resp *resource.CreateResponse) {
	if err := f.recordDatabase(ctx, backend); err != nil {
		resp.Diagnostics.Append(failed("identify the database of", s, err))
		return
	}
	f.write(ctx, resp.Private, &resp.Diagnostics)
}

// begin returns the recorded facts of an object and the backend that it lives in, for the operation that the verb names.
func (m *managed) begin(ctx context.Context, verb string, s subject, private privateReader, diags *diag.Diagnostics) (facts, tokens.Backend, bool) {
	f := readFacts(ctx, private, diags)
	if diags.HasError() {
		return f, nil, false
	}
	backend, err := m.openFor(ctx, f)
	if err != nil {
		diags.Append(failed(verb, s, err))
		return f, nil, false
	}
	return f, backend, true
}

// missing deals with the error of a read: only where the object positively does not exist does it leave the state. Without
// facts it is not there yet: it is being imported.
func missing(ctx context.Context, f facts, s subject, err error, resp *resource.ReadResponse) bool {
	switch {
	case err == nil:
		return false
	case f.Database == "" && tokens.ErrorCode(err) != tokens.CodeNotFound:
		resp.Diagnostics.Append(failure("Unable to import "+s.kind.Noun(), s.String(), err, ""))
	case tokens.ErrorCode(err) == tokens.CodeNotFound:
		resp.State.RemoveResource(ctx)
	default:
		resp.Diagnostics.Append(failed("read", s, err))
	}
	return true
}

// finishRead records the facts of a read; the database too where none was recorded, as after an import.
func finishRead(ctx context.Context, backend tokens.Backend, f facts, s subject, resp *resource.ReadResponse) {
	if f.Database == "" {
		if err := f.recordDatabase(ctx, backend); err != nil {
			resp.Diagnostics.Append(failed("read", s, err))
			return
		}
	}
	f.write(ctx, resp.Private, &resp.Diagnostics)
}

// destroy deletes an object from the backend that it lives in. What is gone already is destroyed.
func (m *managed) destroy(ctx context.Context, s subject, private privateReader, diags *diag.Diagnostics, remove func(tokens.Backend) error) {
	_, backend, ok := m.begin(ctx, "delete", s, private, diags)
	if !ok {
		return
	}
	if err := remove(backend); err != nil && tokens.ErrorCode(err) != tokens.CodeNotFound {
		diags.Append(failed("delete", s, err))
	}
}

// importByID imports an object whose identifier is known, or found by something that people know it by.
func (m *managed) importByID(ctx context.Context, kind tokens.Kind, req resource.ImportStateRequest, resp *resource.ImportStateResponse, find func(tokens.Backend) ([]string, error), form string) {
	id := req.ID
	if !tokens.IsID(kind, id) {
		backend, err := m.open()
		var found []string
		if err == nil {
			found, err = find(backend)
		}
		switch {
		case err != nil:
		case len(found) == 0:
			err = tokens.Invalid("", "there is no %s %q: import by identifier (%s_…) or by %s", kind.Noun(), id, kind, form)
		case len(found) > 1:
			err = tokens.Invalid("", "%q stands for %d objects (%s): import one of them by its identifier", id, len(found), strings.Join(found, ", "))
		}
		if err != nil {
			resp.Diagnostics.Append(failed("import", subject{kind: kind}, err))
			return
		}
		id = found[0]
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, idPath, id)...)
}

// fixedText is the schema of a computed attribute that never changes during the life of an object.
func fixedText(description string) schema.StringAttribute {
	return schema.StringAttribute{
		Computed:            true,
		MarkdownDescription: description,
		PlanModifiers:       []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}
}

// fixedTimestamp is the schema of a computed timestamp that never changes during the life of an object.
func fixedTimestamp(description string) schema.StringAttribute {
	a := fixedText("RFC 3339: " + description + ".")
	a.CustomType = timestampType{}
	return a
}

// computedTimestamp is the schema of a computed timestamp that an update may change.
func computedTimestamp(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, CustomType: timestampType{}, MarkdownDescription: "RFC 3339: " + description + "."}
}

// optionalText returns the attribute for a text of the backend, where empty is null unless the state says otherwise.
func optionalText(prior types.String, text string) types.String {
	if text == "" && prior.ValueString() == "" {
		return prior
	}
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(text)
}

// accountGroupRoles returns the attribute for the roles of an account in groups, where none is null unless the state
// says otherwise.
func accountGroupRoles(prior types.Set, roles []tokens.GroupRole) types.Set {
	switch {
	case len(roles) > 0:
		return groupRolesValue(roles)
	case !prior.IsNull() && len(prior.Elements()) == 0:
		return prior
	}
	return types.SetNull(groupRoleType)
}

// changedText is the change to a text where the plan differs from the state.
func changedText(state, plan types.String) tokens.Change[string] {
	return changedWord[string](state, plan)
}

// changedWord is the change to a word of a kind where the plan differs from the state.
func changedWord[W ~string](state, plan types.String) (c tokens.Change[W]) {
	if plan.ValueString() != state.ValueString() {
		c = tokens.To(W(plan.ValueString()))
	}
	return c
}

// changedMeasure is the change to a measure where the plan differs from the state.
func changedMeasure[M measure[T], T any](state, plan measured[M, T]) (c tokens.Change[T]) {
	if !plan.same(state) {
		c = tokens.To(plan.value())
	}
	return c
}

// changedBool is the change to a switch where the plan differs from the state.
func changedBool(state, plan types.Bool) (c tokens.Change[bool]) {
	if !plan.Equal(state) {
		c = tokens.To(plan.ValueBool())
	}
	return c
}

// changedGroupRoles is the change to roles in groups where the plan differs from the state.
func changedGroupRoles(ctx context.Context, state, plan types.Set, diags *diag.Diagnostics) (c tokens.Change[[]tokens.GroupRole]) {
	if !plan.Equal(state) {
		c = tokens.To(groupRoles(ctx, plan, diags))
	}
	return c
}

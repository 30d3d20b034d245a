// Package managed holds what the resources and data sources are built on: the connection that the provider's
// configuration gives them, the facts recorded beside the state of a resource, and the steps that all of them take in
// the same way. It sees the backend through tokens.Backend alone and knows no resource.
package managed

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// IDPath is the path of the attribute id.
var IDPath = path.Root("id")

// Resource is what every resource is built on: the connection to the backend, and the steps that all of them share.
type Resource struct {
	*Connection
	Kind tokens.Kind // of the objects
}

// Configure takes the connection from the provider. Terraform also calls it before the provider is configured.
func (m *Resource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	m.Connection = connectionFrom(req.ProviderData, &resp.Diagnostics)
}

// BeginCreate returns the backend in which a new object is to live, and the context of its creation.
func (m *Resource) BeginCreate(ctx context.Context) (context.Context, tokens.Backend, error) {
	return m.OpenFor(ctx, &Facts{})
}

// FinishCreate records which database a new object lives in. The state is set before, so that a failure here loses
// nothing.
func (m *Resource) FinishCreate(
	ctx context.Context, f recorded, s diagnostics.Subject, resp *resource.CreateResponse,
) {
	m.Meet(s.ID)
	identify(resp.State.Raw, resp.Identity, &resp.Diagnostics)
	f.common().RecordMark(ctx)
	WriteFacts(ctx, resp.Private, f, &resp.Diagnostics)
}

// Begin reads the recorded facts of an object into f and returns the backend that the object lives in, for the
// operation that the verb names, and the context of that operation.
func (m *Resource) Begin(
	ctx context.Context, verb string, s diagnostics.Subject, private privateReader, f recorded, diags *diag.Diagnostics,
) (context.Context, tokens.Backend, bool) {
	ReadFacts(ctx, private, f, diags)
	if diags.HasError() {
		return ctx, nil, false
	}
	if isImported := m.Meet(s.ID); isImported && f.common().Database != "" { // it was not the import that is read here
		diags.Append(diagnostics.TwoAddresses(s))
	}
	ctx, backend, err := m.OpenFor(ctx, f.common())
	if err != nil {
		diags.Append(diagnostics.Failed(verb, s, err))
		return ctx, nil, false
	}
	return ctx, backend, true
}

// Missing deals with the error of a read: only where the object positively does not exist does it leave the state.
// Without facts it is not there yet: it is being imported.
func Missing(ctx context.Context, f recorded, s diagnostics.Subject, err error, resp *resource.ReadResponse) bool {
	switch {
	case err == nil:
		return false
	case f.common().Database == "" && tokens.ErrorCode(err) != tokens.CodeNotFound:
		resp.Diagnostics.Append(diagnostics.FailedImport(s, err))
	case tokens.ErrorCode(err) == tokens.CodeNotFound:
		identify(resp.State.Raw, resp.Identity, &resp.Diagnostics) // the framework wants one of what is gone, too
		resp.State.RemoveResource(ctx)
	default:
		resp.Diagnostics.Append(diagnostics.Failed("read", s, err))
	}
	return true
}

// FinishRead records the facts of a read.
func FinishRead(ctx context.Context, f recorded, resp *resource.ReadResponse) {
	identify(resp.State.Raw, resp.Identity, &resp.Diagnostics)
	f.common().RecordMark(ctx)
	WriteFacts(ctx, resp.Private, f, &resp.Diagnostics)
}

// FinishUpdate records the facts of an update.
func FinishUpdate(ctx context.Context, f recorded, resp *resource.UpdateResponse) {
	identify(resp.State.Raw, resp.Identity, &resp.Diagnostics)
	f.common().RecordMark(ctx)
	WriteFacts(ctx, resp.Private, f, &resp.Diagnostics)
}

// Destroy deletes an object from the backend that it lives in. What is gone already is destroyed.
func (m *Resource) Destroy(
	ctx context.Context, s diagnostics.Subject, private privateReader, diags *diag.Diagnostics,
	remove func(context.Context, tokens.Backend) error,
) {
	var f Facts
	ctx, backend, ok := m.Begin(ctx, "delete", s, private, &f, diags)
	if !ok || m.RefusesOwn(ctx, "delete", StepDestroy, s, diags) {
		return
	}
	_, err := Change(ctx, m.Connection, s.ID, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, remove(ctx, backend)
	})
	if err != nil && tokens.ErrorCode(err) != tokens.CodeNotFound {
		diags.Append(diagnostics.Failed("delete", s, err))
	}
}

// ImportByID imports an object whose identifier or identity is known, or that is found by something that people know it by.
func (m *Resource) ImportByID(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
	find func(tokens.Backend) ([]string, error), form string,
) {
	id, ok := importID(ctx, m.Kind, req, &resp.Diagnostics)
	if !ok {
		return
	}
	if kind := m.Kind; tokens.KindOf(id) != kind {
		backend, err := m.Open()
		var found []string
		if err == nil {
			found, err = find(backend)
		}
		switch {
		case err != nil:
		case len(found) == 0:
			err = tokens.Invalid("", "there is no %s %q: import by identifier (%s) or by %s", kind.Noun(), id, kind.IDForm(), form)
		case len(found) > 1:
			err = tokens.Invalid("", "%q stands for %d objects (%s): import one of them by its identifier", id, len(found),
				strings.Join(found, ", "))
		}
		if err != nil {
			resp.Diagnostics.Append(diagnostics.FailedImport(diagnostics.Subject{Kind: kind}, err))
			return
		}
		id = found[0]
	}
	if m.run.imports(id) {
		resp.Diagnostics.Append(diagnostics.TwoAddresses(diagnostics.Subject{Kind: m.Kind, ID: id}))
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, IDPath, id)...)
}

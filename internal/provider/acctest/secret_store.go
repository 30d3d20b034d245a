package acctest

import (
	"context"
	"errors"
	"strconv"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	ephemeralschema "github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// SecretStore is a provider of one secret in a store beside Latchkey, as others offer them: resource store_secret writes a
// value by value_wo, whenever value_wo_version changes, and knows the store's version of it; ephemeral store_secret reads the
// value of a version.
type SecretStore struct {
	mu     sync.Mutex
	values []string
	// FailWrite fails the next write.
	FailWrite bool
	// Written is called after each write.
	Written func()
}

var _ provider.ProviderWithEphemeralResources = (*SecretStore)(nil)

// Value returns the newest value in the store, and its version, from 1.
func (s *SecretStore) Value() (value string, version int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.values) == 0 {
		return "", 0
	}
	return s.values[len(s.values)-1], len(s.values)
}

// Beside has the store beside the provider.
func (s *SecretStore) Beside() Beside {
	return Beside{Providers: map[string]provider.Provider{"store": s}}
}

// write adds a value, and returns its version.
func (s *SecretStore) write(value string) (int64, error) {
	s.mu.Lock()
	if s.FailWrite {
		s.FailWrite = false
		s.mu.Unlock()
		return 0, errors.New("the store does not answer")
	}
	s.values = append(s.values, value)
	version := int64(len(s.values))
	s.mu.Unlock()
	if s.Written != nil {
		s.Written()
	}
	return version, nil
}

// Metadata names the provider.
func (s *SecretStore) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "store"
}

// Schema describes no settings.
func (s *SecretStore) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse) {}

// Configure does nothing.
func (s *SecretStore) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

// Resources returns store_secret.
func (s *SecretStore) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{func() resource.Resource { return &storedSecret{store: s} }}
}

// DataSources returns none.
func (s *SecretStore) DataSources(context.Context) []func() datasource.DataSource { return nil }

// EphemeralResources returns store_secret.
func (s *SecretStore) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{func() ephemeral.EphemeralResource { return &readSecret{store: s} }}
}

// storedSecret writes.
type storedSecret struct{ store *SecretStore }

func (r *storedSecret) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "store_secret"
}

func (r *storedSecret) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"value_wo":         schema.StringAttribute{Required: true, WriteOnly: true},
		"value_wo_version": schema.Int64Attribute{Required: true},
		"version": schema.Int64Attribute{
			Computed: true, PlanModifiers: []planmodifier.Int64{int64planmodifier.UseStateForUnknown()},
		},
	}}
}

// ModifyPlan makes the version unknown if a value is to be written.
func (r *storedSecret) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.State.Raw.IsNull() || req.Plan.Raw.IsNull() {
		return
	}
	var before, after types.Int64
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("value_wo_version"), &before)...)
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("value_wo_version"), &after)...)
	if !before.Equal(after) {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("version"), types.Int64Unknown())...)
	}
}

func (r *storedSecret) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	r.write(ctx, req.Config, req.Plan, &resp.State, &resp.Diagnostics)
}

func (r *storedSecret) Read(context.Context, resource.ReadRequest, *resource.ReadResponse) {}

func (r *storedSecret) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	r.write(ctx, req.Config, req.Plan, &resp.State, &resp.Diagnostics)
}

// write stores the value of the configuration, and records its version in the state.
func (r *storedSecret) write(
	ctx context.Context, config tfsdk.Config, plan tfsdk.Plan, state *tfsdk.State, diags *diag.Diagnostics,
) {
	var value types.String
	diags.Append(config.GetAttribute(ctx, path.Root("value_wo"), &value)...)
	version, err := r.store.write(value.ValueString())
	if err != nil {
		diags.AddError("Unable to write", err.Error())
		return
	}
	state.Raw = plan.Raw
	diags.Append(state.SetAttribute(ctx, path.Root("version"), version)...)
}

func (r *storedSecret) Delete(context.Context, resource.DeleteRequest, *resource.DeleteResponse) {}

// readSecret reads.
type readSecret struct{ store *SecretStore }

func (e *readSecret) Metadata(_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = "store_secret"
}

func (e *readSecret) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = ephemeralschema.Schema{Attributes: map[string]ephemeralschema.Attribute{
		"version": ephemeralschema.Int64Attribute{Required: true},
		"value":   ephemeralschema.StringAttribute{Computed: true, Sensitive: true},
	}}
}

func (e *readSecret) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var version types.Int64
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("version"), &version)...)
	e.store.mu.Lock()
	defer e.store.mu.Unlock()
	if at := int(version.ValueInt64()); at < 1 || at > len(e.store.values) {
		resp.Diagnostics.AddError("Unable to read", "there is no version "+strconv.Itoa(at))
	} else {
		resp.Diagnostics.Append(resp.Result.SetAttribute(ctx, path.Root("version"), version)...)
		resp.Diagnostics.Append(resp.Result.SetAttribute(ctx, path.Root("value"), e.store.values[at-1])...)
	}
}

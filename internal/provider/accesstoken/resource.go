// Package accesstoken is the access token in Terraform: the resource latchkey_access_token and the data sources that
// look one up and list them.
//
// Read records what it sees, in the state and in facts beside it (facts.go); ModifyPlan decides from configuration,
// state and facts (plan.go, secret_plan.go). No planned value depends on a clock: Terraform plans twice, and both plans
// must agree. The package sees the backend through tokens.Backend alone.
package accesstoken

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/customtypes"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var (
	_ resource.Resource                   = (*tokenResource)(nil)
	_ resource.ResourceWithConfigure      = (*tokenResource)(nil)
	_ resource.ResourceWithIdentity       = (*tokenResource)(nil)
	_ resource.ResourceWithImportState    = (*tokenResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*tokenResource)(nil)
	_ resource.ResourceWithValidateConfig = (*tokenResource)(nil)
)

// TypeName is what configurations call the resource.
const TypeName = "latchkey_access_token"

// codec converts access tokens, which configurations hold more of than of anything else.
var codec = attribute.NewCodec[model](Schema)

type tokenResource struct{ managed.Resource }

// NewResource returns the resource of one access token.
func NewResource() resource.Resource {
	return &tokenResource{managed.Resource{Kind: tokens.KindAccessToken}}
}

func (r *tokenResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = TypeName
}

func (r *tokenResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = Schema()
}

func (r *tokenResource) ValidateConfig(
	ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse,
) {
	config := codec.Decode(ctx, req.Config.Raw, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if attribute.IsGiven(config.ExpiresAt) && attribute.IsGiven(config.TTL) {
		resp.Diagnostics.Append(diagnostics.Excluded("ttl", "ttl and expires_at exclude each other: remove one of them"))
	}
	if attribute.IsGiven(config.ActivatesAt) && attribute.IsGiven(config.ExpiresAt) &&
		!config.ExpiresAt.Value().IsZero() && !config.ActivatesAt.Value().Before(config.ExpiresAt.Value()) {
		resp.Diagnostics.Append(diagnostics.Excluded("activates_at",
			"the token would expire before it becomes active: set an earlier activates_at or a later expires_at"))
	}
	attribute.ValidateGroupRolesLevel(config.GroupID, config.GroupRoles, &resp.Diagnostics)
	config.validatePolicies(&resp.Diagnostics)
	config.validateOwnSecret(&resp.Diagnostics)
	if !customtypes.MayBeMadeUp(config.TokenWO.ValueString()) {
		requireBrought(config.TokenWO, &resp.Diagnostics)
	}
	config.validateRecipients(&resp.Diagnostics)
	config.validateHolders(&resp.Diagnostics)
}

// validatePolicies checks the policies, as far as what they depend on is known.
func (m *model) validatePolicies(diags *diag.Diagnostics) {
	policies, ttl := m.settings().Policies, m.TTL.Value()
	// Neither is unknown nor malformed, which is reported separately.
	hasTTL, hasEnd := ttl != 0 || m.TTL.IsNull(), !m.ExpiresAt.Value().IsZero() || m.ExpiresAt.IsNull()
	if !hasTTL {
		policies.RegenerateBeforeExpiry = 0
	}
	if !hasTTL || !hasEnd {
		policies.Grace = tokens.Grace{}
	}
	err := policies.Validate(m.ExpiresAt.Value(), ttl)
	switch { // elsewhere, the empty text stands for none
	case attribute.IsGiven(m.OnExpired) && policies.OnExpired == "":
		err = tokens.ValidateExpiryPolicy("on_expired", "")
	case attribute.IsGiven(m.OnSecretDrift) && policies.OnSecretDrift == "":
		err = tokens.ValidateDriftPolicy("on_secret_drift", "")
	}
	var refusal *tokens.Error
	if errors.As(err, &refusal) {
		diags.Append(diagnostics.InvalidAttribute(path.Root(refusal.Field), refusal))
	}
}

func (r *tokenResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	plan := codec.Decode(ctx, req.Plan.Raw, &resp.Diagnostics)
	plan.readBrought(ctx, req.Config, &resp.Diagnostics)
	input := tokens.NewAccessToken{
		TechnicalUserID: plan.TechnicalUserID.ValueString(), GroupID: plan.GroupID.ValueString(),
		Settings: plan.settings(),
	}
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, backend, err := r.BeginCreate(ctx)
	var created tokens.CreatedAccessToken
	if err == nil {
		input.NewSecretFor, err = r.newSecret(&plan)
	}
	if err == nil {
		created, err = managed.Change(ctx, r.Connection, "", func(ctx context.Context) (tokens.CreatedAccessToken, error) {
			return backend.CreateAccessToken(ctx, input)
		})
	}
	if err != nil {
		resp.Diagnostics.Append(diagnostics.Failed("create", plan.subject(), plan.aboutBrought(err)))
		return
	}
	plan.observe(created.AccessToken)
	var f tokenFacts
	if err := plan.holdSecret(input.Secret, &f); err != nil { // the plan has tried
		resp.Diagnostics.Append(diagnostics.Failed("encrypt", plan.subject(), err))
	}
	resp.State.Raw = codec.Encode(ctx, plan, req.Plan.Raw.Type())
	warnOfNamesakes(created, r.HasMet, &resp.Diagnostics)
	f.recordToken(created.AccessToken)
	r.FinishCreate(ctx, &f, plan.subject(), resp)
}

// newSecret returns the secret for a request: the one that the configuration brings, or one that is made here, so that a lost
// answer can't lose it.
func (r *tokenResource) newSecret(plan *model) (tokens.NewSecretFor, error) {
	if plan.bringsSecrets() {
		secret, err := plan.brought()
		return tokens.NewSecretFor{Request: r.Request(), Secret: secret}, err
	}
	secret, err := managed.NewSecret(r.Prefix)
	return tokens.NewSecretFor{Request: r.Request(), Secret: secret}, err
}

func (r *tokenResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	state := codec.Decode(ctx, req.State.Raw, &resp.Diagnostics)
	var f tokenFacts
	ctx, backend, ok := r.Begin(ctx, "read", state.subject(), req.Private, &f, &resp.Diagnostics)
	if !ok {
		return
	}
	if managed.Missing(ctx, &f, state.subject(), state.refresh(ctx, backend, &f), resp) {
		return
	}
	r.sees(&state, f)
	resp.State.Raw = codec.Encode(ctx, state, req.State.Raw.Type())
	managed.FinishRead(ctx, &f, resp)
}

func (r *tokenResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	state := codec.Decode(ctx, req.State.Raw, &resp.Diagnostics)
	plan := codec.Decode(ctx, req.Plan.Raw, &resp.Diagnostics)
	plan.readBrought(ctx, req.Config, &resp.Diagnostics)
	update := tokens.AccessTokenUpdate{Settings: plan.settings()}
	update.Fields = tokens.Difference(state.settings(), update.Settings)
	var f tokenFacts
	ctx, backend, ok := r.Begin(ctx, "update", state.subject(), req.Private, &f, &resp.Diagnostics)
	if !ok {
		return
	}
	regenerates := plan.SecretVersion.IsUnknown()
	inUse := regenerates && r.regeneratesInUse(ctx, &state, &plan, &f, false)
	if r.RefusesOwn(ctx, "update", plan.curtailment(&state, inUse, r.Now()), state.subject(), &resp.Diagnostics) ||
		refusesInterruption(ctx, plan.interruption(&state, inUse), plan.ProtectIfUsedWithin, backend,
			state.subject(), &resp.Diagnostics) {
		return
	}
	var err error
	if regenerates {
		update.Regeneration = &tokens.Regeneration{
			Reason:          tokens.RegenerationReason(plan.RegenerationReason.ValueString()),
			ExpectedVersion: state.SecretVersion.ValueInt64(),
		}
		if f.knowsEnded(&state) { // whoever has that one must not keep it
			update.Regeneration.Grace = &tokens.Grace{}
		}
		update.Regeneration.NewSecretFor, err = r.newSecret(&plan)
	}
	adopts := plan.bringing(&state, f) == adoptsPresent
	advice := plan.needsPresent(&state, f)
	if advice != "" {
		err = plan.requirePresent(ctx, backend, advice)
	}
	var token tokens.AccessToken
	if err == nil {
		token, err = managed.Change(ctx, r.Connection, state.ID.ValueString(),
			func(ctx context.Context) (tokens.AccessToken, error) {
				return backend.UpdateAccessToken(ctx, state.ID.ValueString(), update)
			})
	}
	if err != nil {
		resp.Diagnostics.Append(diagnostics.Failed("update", state.subject(), plan.aboutBrought(err)))
		return
	}
	held, _ := tokens.PresentedSecret(state.Token.ValueString())
	if r := update.Regeneration; r != nil {
		held = r.Secret
		f.recordSecret(token.Secret)
	} else if adopts && !plan.TokenWO.IsNull() && plan.requirePresent(ctx, backend, advice) == nil {
		f.recordSecret(token.Secret) // what is present before and after is what the update saw
	} else if adopts || plan.forgets(&state) && f.ofSecret(&state).HasDrifted() { // the secret that the plan saw is accepted
		f.recordSeen(&state)
	}
	if err := plan.holdSecret(held, &f); err != nil {
		resp.Diagnostics.Append(diagnostics.Failed("encrypt", state.subject(), err))
	}
	plan.complete(token)
	resp.State.Raw = codec.Encode(ctx, plan, req.Plan.Raw.Type())
	f.Disabled, f.ExpiresAtBefore, f.TTLBefore = nil, time.Time{}, 0
	f.recordToken(token)
	managed.FinishUpdate(ctx, &f, resp)
}

func (r *tokenResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	state := codec.Decode(ctx, req.State.Raw, &resp.Diagnostics)
	r.Destroy(ctx, state.subject(), req.Private, &resp.Diagnostics, func(ctx context.Context, b tokens.Backend) error {
		if refusesInterruption(ctx, managed.StepDestroy, state.ProtectIfUsedWithin, b, state.subject(), &resp.Diagnostics) {
			return nil
		}
		return b.DeleteAccessToken(ctx, state.ID.ValueString())
	})
}

func (r *tokenResource) ImportState(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	r.ImportByID(ctx, req, resp, func(b tokens.Backend) ([]string, error) {
		if email, id, ok := tokens.ParseQualifiedID(req.ID); ok {
			return qualified(ctx, b, email, id)
		}
		email, name, _ := strings.Cut(req.ID, "/")
		return Named(ctx, b, email, name)
	}, "its qualified_id, or <e-mail address of the technical user>/<name>")
}

// qualified returns the identifier of a token if it belongs to the technical user with the address.
func qualified(ctx context.Context, b tokens.AccessTokenService, email, id string) ([]string, error) {
	t, err := b.AccessToken(ctx, id)
	if tokens.ErrorCode(err) == tokens.CodeNotFound || err == nil && !tokens.SameEmail(t.User.Email, email) {
		return nil, nil
	}
	if err == nil {
		err = t.CheckOfTechnicalUser()
	}
	return []string{id}, err
}

// Named returns the identifiers of the tokens that have a name and belong to the technical user with an address, in any
// case.
func Named(ctx context.Context, b tokens.AccessTokenService, email, name string) (ids []string, err error) {
	list, err := b.AccessTokens(ctx, tokens.TokenQuery{Search: email})
	for _, t := range list.AccessTokens {
		if tokens.SameEmail(t.User.Email, email) && t.Name == tokens.Normal(name) {
			ids = append(ids, t.ID)
		}
	}
	return ids, err
}

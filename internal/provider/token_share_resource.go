package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/accesstoken"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/customtypes"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var (
	_ resource.Resource                = (*tokenShareResource)(nil)
	_ resource.ResourceWithConfigure   = (*tokenShareResource)(nil)
	_ resource.ResourceWithIdentity    = (*tokenShareResource)(nil)
	_ resource.ResourceWithImportState = (*tokenShareResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*tokenShareResource)(nil)
)

type tokenShareResource struct{ managed.Resource }

func newTokenShareResource() resource.Resource {
	return &tokenShareResource{managed.Resource{Kind: tokens.KindTokenShare}}
}

type tokenShareModel struct {
	ID            types.String          `tfsdk:"id"`
	AccessTokenID types.String          `tfsdk:"access_token_id"`
	MemberID      types.String          `tfsdk:"member_id"`
	Role          types.String          `tfsdk:"role"`
	CreatedAt     customtypes.Timestamp `tfsdk:"created_at"`
}

// observe takes over what the backend says of the share.
func (m *tokenShareModel) observe(s tokens.TokenShare) {
	m.ID = types.StringValue(s.ID())
	m.AccessTokenID = types.StringValue(s.AccessTokenID)
	m.MemberID = types.StringValue(s.MemberID)
	m.Role = types.StringValue(s.Role)
	m.CreatedAt = customtypes.TimestampOf(s.CreatedAt)
}

func (m *tokenShareModel) subject() diagnostics.Subject {
	return diagnostics.Subject{
		Kind: tokens.KindTokenShare,
		ID:   tokens.ShareID(m.AccessTokenID.ValueString(), m.MemberID.ValueString()),
	}
}

func (r *tokenShareResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "latchkey_token_share"
}

func (r *tokenShareResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The role of a member on one access token: who else may see or configure it, even if its " +
			"`visibility` is `restricted`. A share never reveals the secret.\n\n" +
			"There is at most one share of a token with a member: creating a second one is an error that leaves the first " +
			"as it is. The role changes in place.",
		Attributes: map[string]schema.Attribute{
			"id": attribute.FixedText("Identifier of the share: `<access token id>/<member id>`."),
			"access_token_id": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Identifier of the access token. A change forces replacement of the share.",
				Validators:          []validator.String{attribute.IDRule(tokens.KindAccessToken)},
				PlanModifiers:       []planmodifier.String{attribute.ReplacingReference(tokens.KindAccessToken)},
			},
			"member_id": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Identifier of the member. A change forces replacement of the share.",
				Validators:          []validator.String{attribute.IDRule(tokens.KindMember)},
				PlanModifiers:       []planmodifier.String{attribute.ReplacingReference(tokens.KindMember)},
			},
			"role": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "Role of the member on the token: `viewer` (see it), `editor` (also change its name, " +
					"description, expiry and policies) or `manager` (also regenerate, stop, share and delete it). The member " +
					"needs no other role for that, except to regenerate it, to widen its roles, or to share it as `manager`: " +
					"that takes what the token may do, too.",
				Validators: []validator.String{attribute.Rule("viewer, editor or manager", tokens.ValidateShareRole)},
			},
			"created_at": attribute.FixedTimestamp("When the token was shared"),
		},
	}
}

// ModifyPlan warns of a share that ends because Terraform can't tell yet whether it is the same.
func (r *tokenShareResource) ModifyPlan(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) {
	managed.PlanIdentity(req, resp)
	if req.State.Raw.IsNull() || req.Plan.Raw.IsNull() {
		return
	}
	var state, plan tokenShareModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	var unknown []managed.Unknown
	if plan.AccessTokenID.IsUnknown() {
		unknown = append(unknown, managed.UnknownReference("access_token_id", "latchkey_access_token"))
	}
	if plan.MemberID.IsUnknown() {
		unknown = append(unknown, managed.UnknownReference("member_id", "latchkey_member"))
	}
	managed.WarnOfUnknown(state.subject(), "Until the new share is made, the member has none.", unknown, &resp.Diagnostics)
}

func (r *tokenShareResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan tokenShareModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	input := tokens.NewTokenShare{
		Request:       r.Request(),
		AccessTokenID: plan.AccessTokenID.ValueString(),
		MemberID:      plan.MemberID.ValueString(),
		Role:          plan.Role.ValueString(),
	}
	ctx, backend, err := r.BeginCreate(ctx)
	var share tokens.TokenShare
	if err == nil {
		share, err = managed.Change(ctx, r.Connection, "", func(ctx context.Context) (tokens.TokenShare, error) {
			return backend.ShareAccessToken(ctx, input)
		})
	}
	if err != nil {
		resp.Diagnostics.Append(diagnostics.Failed("create", plan.subject(), err))
		return
	}
	plan.observe(share)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	r.FinishCreate(ctx, &managed.Facts{}, plan.subject(), resp)
}

func (r *tokenShareResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state tokenShareModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	var f managed.Facts
	ctx, backend, ok := r.Begin(ctx, "read", state.subject(), req.Private, &f, &resp.Diagnostics)
	if !ok {
		return
	}
	share, err := backend.TokenShare(ctx, state.AccessTokenID.ValueString(), state.MemberID.ValueString())
	if managed.Missing(ctx, &f, state.subject(), err, resp) {
		return
	}
	state.observe(share)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	managed.FinishRead(ctx, &f, resp)
}

func (r *tokenShareResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan tokenShareModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	var f managed.Facts
	ctx, backend, ok := r.Begin(ctx, "update", plan.subject(), req.Private, &f, &resp.Diagnostics)
	if !ok {
		return
	}
	_, err := managed.Change(ctx, r.Connection, plan.subject().ID,
		func(ctx context.Context) (tokens.TokenShare, error) {
			return backend.UpdateTokenShare(ctx, plan.AccessTokenID.ValueString(), plan.MemberID.ValueString(),
				plan.Role.ValueString())
		})
	if err != nil {
		resp.Diagnostics.Append(diagnostics.Failed("update", plan.subject(), err))
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	managed.FinishUpdate(ctx, &f, resp)
}

func (r *tokenShareResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state tokenShareModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	r.Destroy(ctx, state.subject(), req.Private, &resp.Diagnostics, func(ctx context.Context, b tokens.Backend) error {
		return b.UnshareAccessToken(ctx, state.AccessTokenID.ValueString(), state.MemberID.ValueString())
	})
}

func (r *tokenShareResource) ImportState(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	r.ImportByID(ctx, req, resp, func(b tokens.Backend) ([]string, error) {
		return namedShares(ctx, b, req.ID)
	}, "<e-mail address of the member>/<e-mail address of the token's technical user>/<name of the token>")
	var id types.String
	resp.Diagnostics.Append(resp.State.GetAttribute(ctx, managed.IDPath, &id)...)
	tokenID, memberID, err := tokens.ParseShareID("id", id.ValueString())
	if err != nil || resp.Diagnostics.HasError() { // which says why there is no identifier
		return
	}
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("access_token_id"), tokenID)...)
	resp.Diagnostics.Append(resp.State.SetAttribute(ctx, path.Root("member_id"), memberID)...)
}

// namedShares returns the identifiers of the shares that a member has on the tokens of a technical user with a name:
// <e-mail of the member>/<e-mail of the technical user>/<name of the token>.
func namedShares(ctx context.Context, b tokens.Backend, name string) (ids []string, err error) {
	at := max(strings.IndexByte(name, '@'), 0) // what is before may hold a slash
	domain, rest, _ := strings.Cut(name[at:], "/")
	member := name[:at] + domain
	email, token, _ := strings.Cut(rest, "/")
	members, err := b.Members(ctx)
	if err != nil {
		return nil, err
	}
	named, err := accesstoken.Named(ctx, b, email, token)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		if !tokens.SameEmail(m.Email, member) {
			continue
		}
		for _, tokenID := range named {
			_, err := b.TokenShare(ctx, tokenID, m.ID)
			switch {
			case err == nil:
				ids = append(ids, tokens.ShareID(tokenID, m.ID))
			case tokens.ErrorCode(err) != tokens.CodeNotFound:
				return nil, err
			}
		}
	}
	return ids, nil
}

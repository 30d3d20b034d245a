package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/boolplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/customtypes"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var (
	_ resource.Resource                   = (*technicalUserResource)(nil)
	_ resource.ResourceWithConfigure      = (*technicalUserResource)(nil)
	_ resource.ResourceWithIdentity       = (*technicalUserResource)(nil)
	_ resource.ResourceWithImportState    = (*technicalUserResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*technicalUserResource)(nil)
	_ resource.ResourceWithValidateConfig = (*technicalUserResource)(nil)
)

type technicalUserResource struct{ managed.Resource }

func newTechnicalUserResource() resource.Resource {
	return &technicalUserResource{managed.Resource{Kind: tokens.KindTechnicalUser}}
}

type technicalUserModel struct {
	ID            types.String          `tfsdk:"id"`
	Name          types.String          `tfsdk:"name"`
	Description   types.String          `tfsdk:"description"`
	GroupID       types.String          `tfsdk:"group_id"`
	Role          types.String          `tfsdk:"role"`
	GroupRoles    types.Set             `tfsdk:"group_roles"`
	Enabled       types.Bool            `tfsdk:"enabled"`
	Email         types.String          `tfsdk:"email"`
	SystemCreated types.Bool            `tfsdk:"system_created"`
	CreatedAt     customtypes.Timestamp `tfsdk:"created_at"`
}

// observe takes over what the backend says of the technical user.
func (m *technicalUserModel) observe(u tokens.TechnicalUser) {
	m.ID = types.StringValue(u.ID)
	m.Name = attribute.Text(u.Name)
	m.Description = attribute.OptionalText(m.Description, u.Description)
	m.GroupID = attribute.OptionalText(m.GroupID, u.GroupID)
	m.Role = types.StringValue(u.Role)
	m.GroupRoles = attribute.AccountGroupRoles(m.GroupRoles, u.GroupRoles)
	m.Enabled = types.BoolValue(u.Enabled)
	m.Email = attribute.Text(u.Email)
	m.SystemCreated = types.BoolValue(u.SystemCreated)
	m.CreatedAt = customtypes.TimestampOf(u.CreatedAt)
}

func (m *technicalUserModel) subject() diagnostics.Subject {
	return diagnostics.Subject{Kind: tokens.KindTechnicalUser, Name: m.Name.ValueString(), ID: m.ID.ValueString()}
}

func (r *technicalUserResource) Metadata(
	_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse,
) {
	resp.TypeName = "latchkey_technical_user"
}

func (r *technicalUserResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A system account, such as a pipeline or a service, that access tokens belong to. It " +
			"belongs to the organization or to one group, and its tokens never have more permissions than it has at that " +
			"moment. Disabling it stops all its tokens at once.\n\n" +
			"Use one account for several tokens of the same consumer; an access token that names none gets one of its own. " +
			"Everything but the level changes in place. Deleting it fails while it has access tokens: name another " +
			"technical user in them first. With `create_before_destroy`, which it inherits from tokens that depend on it, " +
			"a replacement needs another name. The last owner of the organization can't be given another role, disabled or " +
			"deleted; `latchkey_member` describes the way out.\n\n" + severalFromList,
		Attributes: map[string]schema.Attribute{
			"id": attribute.FixedText("Identifier of the technical user (`tu_…`)."),
			"name": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "Name, unique among the technical users of its level: 1 to 63 lower-case letters, " +
					"digits and hyphens. Changes in place; `email` stays, so no other technical user of the level can take the " +
					"old name while this one lives.",
				Validators: []validator.String{attribute.Rule("1 to 63 lower-case letters, digits and hyphens",
					tokens.ValidateName)},
			},
			"description": attribute.Description("What the account is for."),
			"group_id": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Identifier of the group that the account belongs to; leave it out for the organization " +
					"level. A change forces replacement of the technical user.",
				Validators:    []validator.String{attribute.IDRule(tokens.KindGroup)},
				PlanModifiers: []planmodifier.String{attribute.ReplacingReference(tokens.KindGroup)},
			},
			"role": attribute.AccountRole("Role at the account's level; at the organization level it counts in " +
				"every group. Defaults to `member`. One of " + attribute.KnownRoles),
			"group_roles": attribute.GroupRoles("Roles in single groups, in addition to `role`. Only for accounts at the " +
				"organization level."),
			"enabled": schema.BoolAttribute{
				Optional:            true,
				Computed:            true,
				Default:             booldefault.StaticBool(true),
				MarkdownDescription: "Whether the account's tokens work. Defaults to true.",
			},
			"email": attribute.FixedText("Address that identifies the account in lists and logs: " +
				"`<name>@<organization>.latchkey.internal`, for an account of a group " +
				"`<name>@<group>.<organization>.latchkey.internal`. It never changes, whatever is renamed later."),
			"system_created": schema.BoolAttribute{
				Computed: true,
				MarkdownDescription: "Whether the system created the account for a single access token and " +
					"deletes it with the token.",
				PlanModifiers: []planmodifier.Bool{boolplanmodifier.UseStateForUnknown()},
			},
			"created_at": attribute.FixedTimestamp("When the account was created"),
		},
	}
}

func (r *technicalUserResource) ValidateConfig(
	ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse,
) {
	var config technicalUserModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	attribute.ValidateGroupRolesLevel(config.GroupID, config.GroupRoles, &resp.Diagnostics)
}

func (r *technicalUserResource) ModifyPlan(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) {
	managed.PlanIdentity(req, resp)
	var state, plan technicalUserModel
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if req.Plan.Raw.IsNull() {
		r.RefuseOwn(ctx, managed.StepDestroy, state.subject(), &resp.Diagnostics)
		return
	}
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	r.WarnOfRoles(ctx, plan.subject(), state.settings().Grants, plan.settings().Grants, &resp.Diagnostics)
	if req.State.Raw.IsNull() {
		r.WarnOfNewDatabase(ctx, &resp.Diagnostics, plan.GroupID, plan.GroupRoles)
		return
	}
	if plan.GroupID.IsUnknown() {
		managed.WarnOfUnknown(state.subject(), "Its access tokens are replaced with it, or stand in the way of its deletion.",
			[]managed.Unknown{managed.UnknownReference("group_id", "latchkey_group")}, &resp.Diagnostics)
	}
	r.RefuseOwn(ctx, plan.curtailment(&state), state.subject(), &resp.Diagnostics)
	r.WarnOfOwnRoles(ctx, state.subject(), state.settings().Grants, plan.settings().Grants, &resp.Diagnostics,
		plan.Role, plan.GroupRoles)
	var f managed.Facts
	managed.ReadFacts(ctx, req.Private, &f, &resp.Diagnostics)
	managed.WarnOfEnabling(f, state.subject(), state.Enabled, plan.Enabled, &resp.Diagnostics)
}

// curtailment returns the step of the plan m that stops the tokens of the technical user; empty for none.
func (m *technicalUserModel) curtailment(state *technicalUserModel) string {
	switch {
	case !m.GroupID.Equal(state.GroupID):
		return managed.StepReplace
	case attribute.IsGiven(m.Enabled) && !m.Enabled.ValueBool() && state.Enabled.ValueBool():
		return managed.StepDisable
	}
	return ""
}

// settings returns what the model sets on a technical user.
func (m *technicalUserModel) settings() tokens.TechnicalUserSettings {
	return tokens.TechnicalUserSettings{
		Name:        m.Name.ValueString(),
		Description: m.Description.ValueString(),
		Grants:      tokens.Grants{Role: m.Role.ValueString(), GroupRoles: attribute.GroupRolesOf(m.GroupRoles)},
		Enabled:     m.Enabled.ValueBool(),
	}
}

func (r *technicalUserResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan technicalUserModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	input := tokens.NewTechnicalUser{
		Request: r.Request(), GroupID: plan.GroupID.ValueString(),
		TechnicalUserSettings: plan.settings(),
	}
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, backend, err := r.BeginCreate(ctx)
	var user tokens.TechnicalUser
	if err == nil {
		user, err = managed.Change(ctx, r.Connection, "", func(ctx context.Context) (tokens.TechnicalUser, error) {
			return backend.CreateTechnicalUser(ctx, input)
		})
	}
	if err != nil {
		resp.Diagnostics.Append(diagnostics.Failed("create", plan.subject(), err))
		return
	}
	plan.observe(user)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	r.FinishCreate(ctx, &managed.Facts{}, plan.subject(), resp)
}

func (r *technicalUserResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state technicalUserModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	var f managed.Facts
	ctx, backend, ok := r.Begin(ctx, "read", state.subject(), req.Private, &f, &resp.Diagnostics)
	if !ok {
		return
	}
	user, err := backend.TechnicalUser(ctx, state.ID.ValueString())
	if managed.Missing(ctx, &f, state.subject(), err, resp) {
		return
	}
	f.RecordSwitch(state.Enabled, user.Disabled)
	state.observe(user)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	managed.FinishRead(ctx, &f, resp)
}

func (r *technicalUserResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var state, plan technicalUserModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	update := tokens.Updating(state.settings(), plan.settings())
	var f managed.Facts
	ctx, backend, ok := r.Begin(ctx, "update", state.subject(), req.Private, &f, &resp.Diagnostics)
	if !ok || r.RefusesOwn(ctx, "update", plan.curtailment(&state), state.subject(), &resp.Diagnostics) {
		return
	}
	_, err := managed.Change(ctx, r.Connection, state.ID.ValueString(),
		func(ctx context.Context) (tokens.TechnicalUser, error) {
			return backend.UpdateTechnicalUser(ctx, state.ID.ValueString(), update)
		})
	if err != nil {
		resp.Diagnostics.Append(diagnostics.Failed("update", state.subject(), err))
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	f.Disabled = nil
	managed.FinishUpdate(ctx, &f, resp)
}

func (r *technicalUserResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state technicalUserModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	r.Destroy(ctx, state.subject(), req.Private, &resp.Diagnostics, func(ctx context.Context, b tokens.Backend) error {
		return b.DeleteTechnicalUser(ctx, state.ID.ValueString())
	})
}

func (r *technicalUserResource) ImportState(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	r.ImportByID(ctx, req, resp, func(b tokens.Backend) (ids []string, err error) {
		users, err := b.TechnicalUsers(ctx)
		for _, u := range users {
			if tokens.SameEmail(u.Email, req.ID) {
				ids = append(ids, u.ID)
			}
		}
		return ids, err
	}, "e-mail address")
}

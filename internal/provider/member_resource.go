package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/customtypes"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var (
	_ resource.Resource                = (*memberResource)(nil)
	_ resource.ResourceWithConfigure   = (*memberResource)(nil)
	_ resource.ResourceWithIdentity    = (*memberResource)(nil)
	_ resource.ResourceWithImportState = (*memberResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*memberResource)(nil)
)

type memberResource struct{ managed.Resource }

func newMemberResource() resource.Resource {
	return &memberResource{managed.Resource{Kind: tokens.KindMember}}
}

type memberModel struct {
	ID         types.String          `tfsdk:"id"`
	Email      types.String          `tfsdk:"email"`
	Name       types.String          `tfsdk:"name"`
	Role       types.String          `tfsdk:"role"`
	GroupRoles types.Set             `tfsdk:"group_roles"`
	CreatedAt  customtypes.Timestamp `tfsdk:"created_at"`
}

// observe takes over what the backend says of the member.
func (m *memberModel) observe(member tokens.Member) {
	m.ID = types.StringValue(member.ID)
	m.Email = attribute.Text(member.Email)
	m.Name = attribute.OptionalText(m.Name, member.Name)
	m.Role = types.StringValue(member.Role)
	m.GroupRoles = attribute.AccountGroupRoles(m.GroupRoles, member.GroupRoles)
	m.CreatedAt = customtypes.TimestampOf(member.CreatedAt)
}

func (m *memberModel) subject() diagnostics.Subject {
	return diagnostics.Subject{Kind: tokens.KindMember, Name: m.Email.ValueString(), ID: m.ID.ValueString()}
}

func (r *memberResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "latchkey_member"
}

func (r *memberResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A person of the organization, with whom access tokens can be shared " +
			"(`latchkey_token_share`), and as whom Terraform and the command line can work: on the file by `act_as`, at a " +
			"server by a personal token.\n\n" +
			"Names and roles change in place. Another e-mail address is another person, so it replaces the member. " +
			"Deleting a member ends its shares.\n\n" +
			"~> **The last owner stays.** Once there is an owner (a member, or a technical user that is enabled and not " +
			"created by the system, with the role `owner` in the whole organization), the last one can't be given another " +
			"role, disabled or deleted. To hand over, create the new owner first: name it in `depends_on` of the former " +
			"one. If a member is to be replaced, set `create_before_destroy`. To destroy everything else, let Terraform " +
			"forget the owner with a `removed` block (`destroy = false`) or `terraform state rm`.",
		Attributes: map[string]schema.Attribute{
			"id": attribute.FixedText("Identifier of the member (`mem_…`)."),
			"email": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "E-mail address, unique in the organization regardless of case. Another address " +
					"forces replacement of the member; a change of case alone changes nothing.",
				Validators: []validator.String{attribute.Rule("a bare e-mail address", tokens.ValidateMemberEmail)},
				PlanModifiers: []planmodifier.String{stringplanmodifier.RequiresReplaceIf(otherAddress, otherAddressDescription,
					otherAddressDescription)},
			},
			"name": schema.StringAttribute{
				Optional:            true,
				MarkdownDescription: "Name of the person. An empty text is none.",
				Validators: []validator.String{attribute.Rule("at most 128 printable characters",
					tokens.ValidateOptionalLabel)},
			},
			"role": attribute.AccountRole("Role in the whole organization. Defaults to `member`. One of " +
				attribute.KnownRoles),
			"group_roles": attribute.GroupRoles("Roles in single groups, in addition to `role`, which " +
				"counts in every group."),
			"created_at": attribute.FixedTimestamp("When the member was created"),
		},
	}
}

const otherAddressDescription = "An address that differs in more than the case of its letters replaces the member."

// otherAddress reports whether an address is another person's. One that differs only in case is the same.
func otherAddress(
	_ context.Context, req planmodifier.StringRequest, resp *stringplanmodifier.RequiresReplaceIfFuncResponse,
) {
	resp.RequiresReplace = req.PlanValue.IsUnknown() ||
		!tokens.SameEmail(req.PlanValue.ValueString(), req.StateValue.ValueString())
}

// ModifyPlan keeps the spelling of an address that differs only in case, and warns of roles that may be misspelled.
func (r *memberResource) ModifyPlan(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) {
	managed.PlanIdentity(req, resp)
	var state, plan memberModel
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
		r.WarnOfNewDatabase(ctx, &resp.Diagnostics, plan.GroupRoles)
		return
	}
	if plan.Email.IsUnknown() {
		managed.WarnOfUnknown(state.subject(), "The shares with this member end.", []managed.Unknown{{
			Attribute: "email", Instead: "take the address from what is known at plan, such as a variable"}}, &resp.Diagnostics)
		return
	}
	if !tokens.SameEmail(plan.Email.ValueString(), state.Email.ValueString()) {
		r.RefuseOwn(ctx, managed.StepReplace, state.subject(), &resp.Diagnostics)
		return
	}
	r.WarnOfOwnRoles(ctx, state.subject(), state.settings().Grants, plan.settings().Grants, &resp.Diagnostics,
		plan.Role, plan.GroupRoles)
	if plan.Email.Equal(state.Email) {
		return
	}
	plan.Email = state.Email
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
}

// settings returns what the model sets on a member.
func (m *memberModel) settings() tokens.MemberSettings {
	return tokens.MemberSettings{
		Name:   m.Name.ValueString(),
		Grants: tokens.Grants{Role: m.Role.ValueString(), GroupRoles: attribute.GroupRolesOf(m.GroupRoles)},
	}
}

func (r *memberResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan memberModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	input := tokens.NewMember{
		Request: r.Request(), Email: plan.Email.ValueString(), MemberSettings: plan.settings(),
	}
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, backend, err := r.BeginCreate(ctx)
	var member tokens.Member
	if err == nil {
		member, err = managed.Change(ctx, r.Connection, "", func(ctx context.Context) (tokens.Member, error) {
			return backend.CreateMember(ctx, input)
		})
	}
	if err != nil {
		resp.Diagnostics.Append(diagnostics.Failed("create", plan.subject(), err))
		return
	}
	plan.observe(member)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	r.FinishCreate(ctx, &managed.Facts{}, plan.subject(), resp)
}

func (r *memberResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state memberModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	var f managed.Facts
	ctx, backend, ok := r.Begin(ctx, "read", state.subject(), req.Private, &f, &resp.Diagnostics)
	if !ok {
		return
	}
	member, err := backend.Member(ctx, state.ID.ValueString())
	if managed.Missing(ctx, &f, state.subject(), err, resp) {
		return
	}
	state.observe(member)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	managed.FinishRead(ctx, &f, resp)
}

func (r *memberResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var state, plan memberModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	update := tokens.Updating(state.settings(), plan.settings())
	var f managed.Facts
	ctx, backend, ok := r.Begin(ctx, "update", state.subject(), req.Private, &f, &resp.Diagnostics)
	if !ok {
		return
	}
	_, err := managed.Change(ctx, r.Connection, state.ID.ValueString(), func(ctx context.Context) (tokens.Member, error) {
		return backend.UpdateMember(ctx, state.ID.ValueString(), update)
	})
	if err != nil {
		resp.Diagnostics.Append(diagnostics.Failed("update", state.subject(), err))
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	managed.FinishUpdate(ctx, &f, resp)
}

func (r *memberResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state memberModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	r.Destroy(ctx, state.subject(), req.Private, &resp.Diagnostics, func(ctx context.Context, b tokens.Backend) error {
		return b.DeleteMember(ctx, state.ID.ValueString())
	})
}

func (r *memberResource) ImportState(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	r.ImportByID(ctx, req, resp, func(b tokens.Backend) (ids []string, err error) {
		members, err := b.Members(ctx)
		for _, m := range members {
			if tokens.SameEmail(m.Email, req.ID) {
				ids = append(ids, m.ID)
			}
		}
		return ids, err
	}, "e-mail address")
}

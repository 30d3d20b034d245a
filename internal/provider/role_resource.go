package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/customtypes"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var (
	_ resource.Resource                = (*roleResource)(nil)
	_ resource.ResourceWithConfigure   = (*roleResource)(nil)
	_ resource.ResourceWithIdentity    = (*roleResource)(nil)
	_ resource.ResourceWithImportState = (*roleResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*roleResource)(nil)
)

type roleResource struct{ managed.Resource }

func newRoleResource() resource.Resource {
	return &roleResource{managed.Resource{Kind: tokens.KindRole}}
}

type roleModel struct {
	ID          types.String          `tfsdk:"id"`
	Name        types.String          `tfsdk:"name"`
	Description types.String          `tfsdk:"description"`
	Permissions types.Set             `tfsdk:"permissions"`
	CreatedAt   customtypes.Timestamp `tfsdk:"created_at"`
}

// observe takes over what the backend says of the role.
func (m *roleModel) observe(r tokens.Role) {
	m.ID = types.StringValue(r.ID)
	m.Name = attribute.Text(r.Name)
	m.Description = attribute.OptionalText(m.Description, r.Description)
	m.Permissions = permissionsValue(r.Permissions)
	m.CreatedAt = customtypes.TimestampOf(r.CreatedAt)
}

func (m *roleModel) subject() diagnostics.Subject {
	return diagnostics.Subject{Kind: tokens.KindRole, Name: m.Name.ValueString(), ID: m.ID.ValueString()}
}

func (r *roleResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "latchkey_role"
}

func (r *roleResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A custom role: a name for a set of permissions, which technical users, members and access " +
			"tokens can have in addition to the built-in roles `none`, `viewer`, `member`, `manager`, " +
			"`administrator` and `owner`.\n\n" +
			"Everything changes in place. New permissions take effect at once for everyone who has the role, and everyone " +
			"keeps it under its new name. Refer to a role by its `name` attribute, as in `role = " +
			"latchkey_role.deployer.name`, so that Terraform creates it before assigning it.\n\n" +
			"A role is held by its identifier, not by its name. Who held a role that was deleted or replaced has the role " +
			"`none` in its place, and another role made under the name gives them nothing. The next plan shows the " +
			"difference to the configuration, and its apply gives them the new role.\n\n" +
			"With the provider's `act_as` or `endpoint`, this needs an administrator of the organization who holds each of Latchkey's " +
			"own permissions in the role.\n\n" + severalFromList,
		Attributes: map[string]schema.Attribute{
			"id": attribute.FixedText("Identifier of the role (`rol_…`)."),
			"name": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "Name, unique in the organization and not that of a built-in role: 1 to 63 lower-case " +
					"letters, digits and hyphens. Changes in place.",
				Validators: []validator.String{attribute.Rule("1 to 63 lower-case letters, digits and hyphens, "+
					"and no built-in role", tokens.ValidateRoleName)},
			},
			"permissions": schema.SetAttribute{
				Required:    true,
				ElementType: types.StringType,
				MarkdownDescription: "What the role permits, at most 256 entries: `area:verb` as in `orders:read`, `area:*` " +
					"for a whole area, or `*` for everything. Name the permissions of your own APIs as you like; the areas " +
					"`tokens` and `accounts` and `*` are Latchkey's own (see the guide to roles and permissions). An empty " +
					"set permits nothing.",
				Validators: []validator.Set{permissionsRule{}},
			},
			"description": attribute.Description("What the role is for."),
			"created_at":  attribute.FixedTimestamp("When the role was created"),
		},
	}
}

// permissionsRule applies the rules of the domain to permissions, as far as they are known.
type permissionsRule struct{}

var _ validator.Set = permissionsRule{}

// Description says what the rule asks for.
func (permissionsRule) Description(context.Context) string {
	return "must be permissions, each area:verb, area:* or *"
}

// MarkdownDescription says what the rule asks for.
func (v permissionsRule) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateSet applies the rule to the elements that are known.
func (permissionsRule) ValidateSet(_ context.Context, req validator.SetRequest, resp *validator.SetResponse) {
	if err := tokens.ValidatePermissions(diagnostics.AttributeName(req.Path),
		attribute.Texts(req.ConfigValue)); err != nil {
		resp.Diagnostics.Append(diagnostics.InvalidAttribute(req.Path, err))
	}
}

// permissionsValue returns the attribute for permissions.
func permissionsValue(permissions []string) types.Set {
	elements := make([]attr.Value, len(permissions))
	for i, permission := range permissions {
		elements[i] = types.StringValue(permission)
	}
	return types.SetValueMust(types.StringType, elements)
}

// settings returns what the model sets on a role.
func (m *roleModel) settings() tokens.RoleSettings {
	return tokens.RoleSettings{
		Name: m.Name.ValueString(), Description: m.Description.ValueString(), Permissions: attribute.Texts(m.Permissions),
	}
}

func (r *roleResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan roleModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	input := tokens.NewRole{Request: r.Request(), RoleSettings: plan.settings()}
	ctx, backend, err := r.BeginCreate(ctx)
	var role tokens.Role
	if err == nil {
		role, err = managed.Change(ctx, r.Connection, "", func(ctx context.Context) (tokens.Role, error) {
			return backend.CreateRole(ctx, input)
		})
	}
	if err != nil {
		resp.Diagnostics.Append(diagnostics.Failed("create", plan.subject(), err))
		return
	}
	plan.observe(role)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	r.FinishCreate(ctx, &managed.Facts{}, plan.subject(), resp)
}

func (r *roleResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state roleModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	var f managed.Facts
	ctx, backend, ok := r.Begin(ctx, "read", state.subject(), req.Private, &f, &resp.Diagnostics)
	if !ok {
		return
	}
	role, err := backend.Role(ctx, state.ID.ValueString())
	if managed.Missing(ctx, &f, state.subject(), err, resp) {
		return
	}
	state.observe(role)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	managed.FinishRead(ctx, &f, resp)
}

func (r *roleResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var state, plan roleModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	var f managed.Facts
	ctx, backend, ok := r.Begin(ctx, "update", state.subject(), req.Private, &f, &resp.Diagnostics)
	if !ok {
		return
	}
	id, update := state.ID.ValueString(), tokens.Updating(state.settings(), plan.settings())
	_, err := managed.Change(ctx, r.Connection, id, func(ctx context.Context) (tokens.Role, error) {
		return backend.UpdateRole(ctx, id, update)
	})
	if err != nil {
		resp.Diagnostics.Append(diagnostics.Failed("update", state.subject(), err))
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	managed.FinishUpdate(ctx, &f, resp)
}

func (r *roleResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state roleModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	r.Destroy(ctx, state.subject(), req.Private, &resp.Diagnostics, func(ctx context.Context, b tokens.Backend) error {
		// Where the holders can't be told, neither can the role be deleted, and that error is the one to report. But who is
		// refused to look was refused to delete, once, as the audit log says.
		purpose := tokens.Purpose{Action: tokens.ActionRoleDelete, ObjectID: state.ID.ValueString()}
		holders, err := b.RoleHolders(tokens.LookingFor(ctx, purpose), state.ID.ValueString())
		if tokens.ErrorCode(err) == tokens.CodeForbidden {
			return err
		}
		err = b.DeleteRole(ctx, state.ID.ValueString())
		if err == nil {
			state.warnOfDeletion(holders, &resp.Diagnostics)
		}
		return err
	})
}

func (r *roleResource) ImportState(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	r.ImportByID(ctx, req, resp, func(b tokens.Backend) (ids []string, err error) {
		roles, err := b.Roles(ctx)
		for _, role := range roles {
			switch {
			case role.Name != req.ID:
			case role.BuiltIn:
				return nil, tokens.Invalid("",
					"%q is a built-in role, which there is without a resource: refer to it by its name", req.ID)
			default:
				ids = append(ids, role.ID)
			}
		}
		return ids, err
	}, "name")
}

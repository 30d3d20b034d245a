package provider

import (
	"context"

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
	_ resource.Resource                = (*groupResource)(nil)
	_ resource.ResourceWithConfigure   = (*groupResource)(nil)
	_ resource.ResourceWithIdentity    = (*groupResource)(nil)
	_ resource.ResourceWithImportState = (*groupResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*groupResource)(nil)
)

type groupResource struct{ managed.Resource }

func newGroupResource() resource.Resource {
	return &groupResource{managed.Resource{Kind: tokens.KindGroup}}
}

type groupModel struct {
	ID          types.String          `tfsdk:"id"`
	Name        types.String          `tfsdk:"name"`
	Description types.String          `tfsdk:"description"`
	CreatedAt   customtypes.Timestamp `tfsdk:"created_at"`
}

// observe takes over what the backend says of the group.
func (m *groupModel) observe(g tokens.Group) {
	m.ID = types.StringValue(g.ID)
	m.Name = attribute.Text(g.Name)
	m.Description = attribute.OptionalText(m.Description, g.Description)
	m.CreatedAt = customtypes.TimestampOf(g.CreatedAt)
}

func (m *groupModel) subject() diagnostics.Subject {
	return diagnostics.Subject{Kind: tokens.KindGroup, Name: m.Name.ValueString(), ID: m.ID.ValueString()}
}

func (r *groupResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "latchkey_group"
}

func (r *groupResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A part of the organization, such as a team, a project or a workspace. Technical users and " +
			"their access tokens can belong to a group, and members and technical users of the organization can " +
			"have a role in it.\n\n" +
			"Renaming a group changes it in place. Deleting it also deletes the roles held in it; it fails while technical " +
			"users belong to it.\n\n" + severalFromList,
		Attributes: map[string]schema.Attribute{
			"id": attribute.FixedText("Identifier of the group (`grp_…`)."),
			"name": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "Name, unique in the organization: 1 to 63 lower-case letters, digits and hyphens. " +
					"Existing technical users keep the e-mail address that they were created with.",
				Validators: []validator.String{attribute.Rule("1 to 63 lower-case letters, digits and hyphens",
					tokens.ValidateName)},
			},
			"description": attribute.Description("What the group is for."),
			"created_at":  attribute.FixedTimestamp("When the group was created"),
		},
	}
}

// ModifyPlan warns of a database that a new group makes.
func (r *groupResource) ModifyPlan(
	ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse,
) {
	managed.PlanIdentity(req, resp)
	if req.State.Raw.IsNull() && !req.Plan.Raw.IsNull() {
		r.WarnOfNewDatabase(ctx, &resp.Diagnostics)
	}
}

// settings returns what the model sets on a group.
func (m *groupModel) settings() tokens.GroupSettings {
	return tokens.GroupSettings{Name: m.Name.ValueString(), Description: m.Description.ValueString()}
}

func (r *groupResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan groupModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	input := tokens.NewGroup{Request: r.Request(), GroupSettings: plan.settings()}
	ctx, backend, err := r.BeginCreate(ctx)
	var group tokens.Group
	if err == nil {
		group, err = managed.Change(ctx, r.Connection, "", func(ctx context.Context) (tokens.Group, error) {
			return backend.CreateGroup(ctx, input)
		})
	}
	if err != nil {
		resp.Diagnostics.Append(diagnostics.Failed("create", plan.subject(), err))
		return
	}
	plan.observe(group)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	r.FinishCreate(ctx, &managed.Facts{}, plan.subject(), resp)
}

func (r *groupResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state groupModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	var f managed.Facts
	ctx, backend, ok := r.Begin(ctx, "read", state.subject(), req.Private, &f, &resp.Diagnostics)
	if !ok {
		return
	}
	group, err := backend.Group(ctx, state.ID.ValueString())
	if managed.Missing(ctx, &f, state.subject(), err, resp) {
		return
	}
	state.observe(group)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	managed.FinishRead(ctx, &f, resp)
}

func (r *groupResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var state, plan groupModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	var f managed.Facts
	ctx, backend, ok := r.Begin(ctx, "update", state.subject(), req.Private, &f, &resp.Diagnostics)
	if !ok {
		return
	}
	id, update := state.ID.ValueString(), tokens.Updating(state.settings(), plan.settings())
	_, err := managed.Change(ctx, r.Connection, id, func(ctx context.Context) (tokens.Group, error) {
		return backend.UpdateGroup(ctx, id, update)
	})
	if err != nil {
		resp.Diagnostics.Append(diagnostics.Failed("update", state.subject(), err))
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	managed.FinishUpdate(ctx, &f, resp)
}

func (r *groupResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state groupModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	r.Destroy(ctx, state.subject(), req.Private, &resp.Diagnostics, func(ctx context.Context, b tokens.Backend) error {
		return b.DeleteGroup(ctx, state.ID.ValueString())
	})
}

func (r *groupResource) ImportState(
	ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse,
) {
	r.ImportByID(ctx, req, resp, func(b tokens.Backend) (ids []string, err error) {
		groups, err := b.Groups(ctx)
		for _, g := range groups {
			if g.Name == req.ID {
				ids = append(ids, g.ID)
			}
		}
		return ids, err
	}, "name")
}

// severalFromList ends the description of a resource whose names are unique, and of which configurations make many.
const severalFromList = "To make several from a list, use `for_each` with the names as keys rather than `count`, which " +
	"renames all that follow once a name is taken out."

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var (
	_ resource.Resource                = (*groupResource)(nil)
	_ resource.ResourceWithConfigure   = (*groupResource)(nil)
	_ resource.ResourceWithImportState = (*groupResource)(nil)
)

var idPath = path.Root("id")

type groupResource struct{ managed }

func newGroupResource() resource.Resource { return &groupResource{} }

type groupModel struct {
	ID          types.String `tfsdk:"id"`
	Name        types.String `tfsdk:"name"`
	Description types.String `tfsdk:"description"`
	CreatedAt   timestamp    `tfsdk:"created_at"`
	UpdatedAt   timestamp    `tfsdk:"updated_at"`
}

// observe takes over what the backend says of the group.
func (m *groupModel) observe(g tokens.Group) {
	m.ID = types.StringValue(g.ID)
	m.Name = types.StringValue(g.Name)
	m.Description = optionalText(m.Description, g.Description)
	m.CreatedAt = timestampOf(g.CreatedAt)
	m.UpdatedAt = timestampOf(g.UpdatedAt)
}

func (m *groupModel) subject() subject {
	return subject{tokens.KindGroup, m.Name.ValueString(), m.ID.ValueString()}
}

func (r *groupResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "latchkey_group"
}

func (r *groupResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A part of the organization, as a team, a project or a workspace is. Technical users and their access tokens can live at the level of a group, " +
			"and members and technical users of the organization can have a role in it.\n\n" +
			"Renaming a group changes it in place. Deleting one takes the roles that were held in it along; it fails while technical users live in it.",
		Attributes: map[string]schema.Attribute{
			"id": fixedText("Identifier of the group (`grp_…`)."),
			"name": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Name, unique in the organization: 1 to 63 lower-case letters, digits and hyphens. The e-mail addresses of technical users that exist keep the name of their creation.",
				Validators:          []validator.String{stringRule("1 to 63 lower-case letters, digits and hyphens", tokens.ValidateName)},
			},
			"description": descriptionAttribute("What the group is for."),
			"created_at":  fixedTimestamp("when the group was made"),
			"updated_at":  computedTimestamp("when the group was last changed"),
		},
	}
}

// descriptionAttribute is the schema of a description.
func descriptionAttribute(description string) schema.StringAttribute {
	return schema.StringAttribute{
		Optional:            true,
		MarkdownDescription: description,
		Validators:          []validator.String{stringRule("at most 1,024 printable characters", tokens.ValidateDescription)},
	}
}

func (r *groupResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan groupModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	backend, err := r.open()
	var group tokens.Group
	if err == nil {
		group, err = createWhenFree(ctx, func() (tokens.Group, error) {
			return backend.CreateGroup(ctx, tokens.NewGroup{Name: plan.Name.ValueString(), Description: plan.Description.ValueString()})
		})
	}
	if err != nil {
		resp.Diagnostics.Append(failed("create", plan.subject(), err))
		return
	}
	plan.observe(group)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	finishCreate(ctx, backend, facts{}, plan.subject(), resp)
}

func (r *groupResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state groupModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	f, backend, ok := r.begin(ctx, "read", state.subject(), req.Private, &resp.Diagnostics)
	if !ok {
		return
	}
	group, err := backend.Group(ctx, state.ID.ValueString())
	if missing(ctx, f, state.subject(), err, resp) {
		return
	}
	state.observe(group)
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	finishRead(ctx, backend, f, state.subject(), resp)
}

func (r *groupResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var state, plan groupModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	_, backend, ok := r.begin(ctx, "update", state.subject(), req.Private, &resp.Diagnostics)
	if !ok {
		return
	}
	group, err := backend.UpdateGroup(ctx, state.ID.ValueString(), tokens.GroupUpdate{
		Name:        changedText(state.Name, plan.Name),
		Description: changedText(state.Description, plan.Description),
	})
	if err != nil {
		resp.Diagnostics.Append(failed("update", state.subject(), err))
		return
	}
	plan.UpdatedAt = timestampOf(group.UpdatedAt)
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
}

func (r *groupResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state groupModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	r.destroy(ctx, state.subject(), req.Private, &resp.Diagnostics, func(b tokens.Backend) error {
		return b.DeleteGroup(ctx, state.ID.ValueString())
	})
}

func (r *groupResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	r.importByID(ctx, tokens.KindGroup, req, resp, func(b tokens.Backend) (ids []string, err error) {
		groups, err := b.Groups(ctx)
		for _, g := range groups {
			if g.Name == req.ID {
				ids = append(ids, g.ID)
			}
		}
		return ids, err
	}, "name")
}

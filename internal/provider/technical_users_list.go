package provider

import (
	"context"
	"iter"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var (
	_ list.ListResource              = (*technicalUserResource)(nil)
	_ list.ListResourceWithConfigure = (*technicalUserResource)(nil)
)

type technicalUserListModel struct {
	technicalUserFilter
	IncludeSystemCreated types.Bool `tfsdk:"include_system_created"`
}

func newTechnicalUserList() list.ListResource {
	return &technicalUserResource{managed.Resource{Kind: tokens.KindTechnicalUser}}
}

func (r *technicalUserResource) ListResourceConfigSchema(
	_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists technical users by e-mail address, so that `terraform query` can bring them under " +
			"Terraform. A technical user is listed if it matches all filters that are set.\n\n" +
			"With the provider's `act_as` or `endpoint`, only the accounts that you may manage are listed; if you may " +
			"manage none at any level, that is an error. While there is no database yet, the list is empty.",
		Attributes: attribute.Also(attribute.ListFilters(technicalUserFilters()), map[string]schema.Attribute{
			"include_system_created": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Whether to also list those that the system created for a single access token. They belong " +
					"to that token: import the token instead, whose resource stands for both. Defaults to false.",
			},
		}),
	}
}

func (r *technicalUserResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var config technicalUserListModel
	diags := req.Config.Get(ctx, &config)
	config.require(&diags)
	if diags.HasError() {
		managed.ListNothing(stream, diags)
		return
	}
	find := func(b tokens.Backend) iter.Seq2[tokens.TechnicalUser, error] {
		users, err := b.TechnicalUsers(ctx)
		return managed.Each(slices.DeleteFunc(users, func(u tokens.TechnicalUser) bool {
			return !config.selects(u) || u.SystemCreated && !config.IncludeSystemCreated.ValueBool()
		}), err)
	}
	managed.List(ctx, &r.Resource, req, stream, find,
		func(u tokens.TechnicalUser, state *tfsdk.Resource) (string, diag.Diagnostics) {
			var m technicalUserModel
			m.observe(u)
			return u.Email, state.Set(ctx, m)
		})
}

package provider

import (
	"context"
	"iter"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var (
	_ list.ListResource              = (*groupResource)(nil)
	_ list.ListResourceWithConfigure = (*groupResource)(nil)
)

func newGroupList() list.ListResource {
	return &groupResource{managed.Resource{Kind: tokens.KindGroup}}
}

func (r *groupResource) ListResourceConfigSchema(
	_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the groups of the organization by name, so that `terraform query` can bring them under " +
			"Terraform.\n\n" +
			"With the provider's `act_as` or `endpoint`, this needs an administrator of the organization. While there is no " +
			"database yet, the list is empty.",
	}
}

func (r *groupResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	find := func(b tokens.Backend) iter.Seq2[tokens.Group, error] { return managed.Each(b.Groups(ctx)) }
	managed.List(ctx, &r.Resource, req, stream, find,
		func(g tokens.Group, state *tfsdk.Resource) (string, diag.Diagnostics) {
			var m groupModel
			m.observe(g)
			return g.Name, state.Set(ctx, m)
		})
}

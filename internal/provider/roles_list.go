package provider

import (
	"context"
	"iter"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var (
	_ list.ListResource              = (*roleResource)(nil)
	_ list.ListResourceWithConfigure = (*roleResource)(nil)
)

func newRoleList() list.ListResource {
	return &roleResource{managed.Resource{Kind: tokens.KindRole}}
}

func (r *roleResource) ListResourceConfigSchema(
	_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the custom roles of the organization by name, so that `terraform query` can bring " +
			"them under Terraform. Built-in roles are there without a resource.\n\n" +
			"With the provider's `act_as` or `endpoint`, this needs an administrator of the organization. While there is no " +
			"database yet, the list is empty.",
	}
}

func (r *roleResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	find := func(b tokens.Backend) iter.Seq2[tokens.Role, error] {
		roles, err := b.Roles(ctx)
		return managed.Each(slices.DeleteFunc(roles, func(r tokens.Role) bool { return r.BuiltIn }), err)
	}
	managed.List(ctx, &r.Resource, req, stream, find,
		func(r tokens.Role, state *tfsdk.Resource) (string, diag.Diagnostics) {
			var m roleModel
			m.observe(r)
			return r.Name, state.Set(ctx, m)
		})
}

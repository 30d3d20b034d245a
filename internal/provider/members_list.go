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
	_ list.ListResource              = (*memberResource)(nil)
	_ list.ListResourceWithConfigure = (*memberResource)(nil)
)

func newMemberList() list.ListResource {
	return &memberResource{managed.Resource{Kind: tokens.KindMember}}
}

func (r *memberResource) ListResourceConfigSchema(
	_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the members of the organization by e-mail address, so that `terraform query` can bring " +
			"them under Terraform.\n\n" +
			"With the provider's `act_as` or `endpoint`, this needs an administrator of the organization or of a group. While " +
			"there is no database yet, the list is empty.",
	}
}

func (r *memberResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	find := func(b tokens.Backend) iter.Seq2[tokens.Member, error] { return managed.Each(b.Members(ctx)) }
	managed.List(ctx, &r.Resource, req, stream, find,
		func(o tokens.Member, state *tfsdk.Resource) (string, diag.Diagnostics) {
			var m memberModel
			m.observe(o)
			return o.Email, state.Set(ctx, m)
		})
}

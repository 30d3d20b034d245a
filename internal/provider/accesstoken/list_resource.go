package accesstoken

import (
	"context"
	"iter"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var (
	_ list.ListResource              = (*tokenResource)(nil)
	_ list.ListResourceWithConfigure = (*tokenResource)(nil)
)

// listPageSize is how many tokens are read at once: as many as Terraform asks for where nobody says how many.
const listPageSize = 100

// NewListResource returns what lists the access tokens that the resource can manage.
func NewListResource() list.ListResource {
	return &tokenResource{managed.Resource{Kind: tokens.KindAccessToken}}
}

func (r *tokenResource) ListResourceConfigSchema(
	_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists access tokens, oldest first, so that `terraform query` can bring them under Terraform. A " +
			"token is listed if it matches all filters that are set. Personal tokens of members are never listed, since " +
			"Terraform doesn't manage them.\n\n" +
			"With the provider's `act_as` or `endpoint`, only the tokens that you may see are listed. While there is no " +
			"database yet, the list is empty.\n\n" +
			"The secret can't be read back, so `token` is null in what is listed. The first plan of an imported token changes " +
			"it only where its own policies ask for that, as when its secret has outlived its `ttl`.",
		Attributes: attribute.ListFilters(filters()),
	}
}

// List lists the tokens page by page, so that a long list needs little memory.
func (r *tokenResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var config filterModel
	diags := req.Config.Get(ctx, &config)
	config.require(&diags)
	if diags.HasError() {
		managed.ListNothing(stream, diags)
		return
	}
	query := config.query()
	query.Limit = listPageSize
	if req.Limit > 0 && req.Limit < listPageSize {
		query.Limit = int(req.Limit)
	}
	find := func(b tokens.Backend) iter.Seq2[tokens.AccessToken, error] { return Each(ctx, b, query) }
	managed.List(ctx, &r.Resource, req, stream, find,
		func(t tokens.AccessToken, state *tfsdk.Resource) (string, diag.Diagnostics) {
			var diags diag.Diagnostics
			m := codec.Decode(ctx, state.Raw, &diags) // whose attributes are null
			m.observe(t)
			state.Raw = codec.Encode(ctx, m, state.Raw.Type())
			return DisplayName(t), diags
		})
}

// DisplayName is what lists for people call a token. It can be imported by that, unless another one has the same.
func DisplayName(t tokens.AccessToken) string { return t.User.Email + "/" + t.Name }

// Each goes through the tokens that a query selects, in pages of its limit.
func Each(
	ctx context.Context, b tokens.AccessTokenService, query tokens.TokenQuery,
) iter.Seq2[tokens.AccessToken, error] {
	return func(yield func(tokens.AccessToken, error) bool) {
		for {
			page, err := b.AccessTokens(ctx, query)
			if err != nil {
				yield(tokens.AccessToken{}, err)
				return
			}
			for _, t := range page.AccessTokens {
				if !yield(t, nil) {
					return
				}
			}
			if query.Cursor = page.NextCursor; query.Cursor == "" {
				return
			}
		}
	}
}

package provider

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/accesstoken"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var (
	_ list.ListResource              = (*tokenShareResource)(nil)
	_ list.ListResourceWithConfigure = (*tokenShareResource)(nil)
)

func newTokenShareList() list.ListResource {
	return &tokenShareResource{managed.Resource{Kind: tokens.KindTokenShare}}
}

func (r *tokenShareResource) ListResourceConfigSchema(
	_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse,
) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the shares of access tokens with members, by access token and member, oldest first, so that " +
			"`terraform query` can bring them under Terraform: those of one token, of one member, or all of them.\n\n" +
			"With the provider's `act_as` or `endpoint`, the shares of the tokens that you may see are listed, and your own. " +
			"While there is no database yet, the list is empty.",
		Attributes: attribute.ListFilters(tokenShareFilters()),
	}
}

func (r *tokenShareResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var config tokenShareFilter
	diags := req.Config.Get(ctx, &config)
	config.require(&diags)
	if diags.HasError() {
		managed.ListNothing(stream, diags)
		return
	}
	var names map[string]string
	find := func(b tokens.Backend) iter.Seq2[tokens.TokenShare, error] {
		shares, err := b.TokenShares(ctx, config.query())
		if err == nil {
			names, err = sharedNames(ctx, b, config.query(), shares)
		}
		return managed.Each(shares, err)
	}
	managed.List(ctx, &r.Resource, req, stream, find,
		func(s tokens.TokenShare, state *tfsdk.Resource) (string, diag.Diagnostics) {
			var m tokenShareModel
			m.observe(s)
			name := cmp.Or(names[s.MemberID], s.MemberID) + "/" + cmp.Or(names[s.AccessTokenID], s.AccessTokenID)
			return name, state.Set(ctx, m)
		})
}

// sharedNames returns what people call the members and the tokens of the shares that a query selects, as far as the caller
// may know it.
func sharedNames(
	ctx context.Context, b tokens.Backend, query tokens.TokenShareQuery, shares []tokens.TokenShare,
) (map[string]string, error) {
	if len(shares) == 0 {
		return nil, nil
	}
	ids := make([]string, len(shares))
	for i, s := range shares {
		ids[i] = s.MemberID
	}
	slices.Sort(ids)
	addresses, err := b.Names(ctx, slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	maps.Copy(names, addresses)
	page, err := b.AccessTokens(ctx, tokens.TokenQuery{ID: query.AccessTokenID})
	for _, t := range page.AccessTokens {
		names[t.ID] = accesstoken.DisplayName(t)
	}
	return names, err
}

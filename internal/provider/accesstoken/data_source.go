package accesstoken

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var (
	_ datasource.DataSource                   = (*tokenDataSource)(nil)
	_ datasource.DataSourceWithConfigure      = (*tokenDataSource)(nil)
	_ datasource.DataSourceWithValidateConfig = (*tokenDataSource)(nil)
)

type tokenDataSource struct{ managed.Reader }

// NewDataSource returns the data source of one access token.
func NewDataSource() datasource.DataSource { return &tokenDataSource{} }

func (d *tokenDataSource) Metadata(_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = TypeName
}

func (d *tokenDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := shownAttributes()
	attributes["id"] = attribute.Key("Identifier of the token (`tok_…`). It is not a credential. Set it, or `name`.",
		attribute.IDRule(tokens.KindAccessToken))
	attributes["name"] = attribute.Key("Label for people. Set it together with `technical_user_id` or "+
		"`technical_user_email`, or set `id` instead.",
		attribute.Rule("1 to 128 printable characters", tokens.ValidateLabel))
	attributes["technical_user_id"] = attribute.Key("Identifier of the technical user that the token belongs to. Set "+
		"it to look up a token by `name`.", attribute.IDRule(tokens.KindTechnicalUser))
	attributes["technical_user_email"] = attribute.Key("E-mail address of that technical user. Set it to look " +
		"up a token by `name`.")
	resp.Schema = schema.Schema{
		MarkdownDescription: "One access token, by `id`, or by `name` and its technical user: its roles, status and last " +
			"use, but never its secret.\n\n" +
			"Names of tokens need not be unique: if several tokens of the technical user have the name, the error lists " +
			"them, and you can pick one by `id`. A token that does not exist is also an error.",
		Attributes: attributes,
	}
}

// ValidateConfig asks for an identifier, or else for a name and one way to name the technical user.
func (d *tokenDataSource) ValidateConfig(
	ctx context.Context, req datasource.ValidateConfigRequest, resp *datasource.ValidateConfigResponse,
) {
	var config shownModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	users := 0
	for _, user := range []types.String{config.TechnicalUserID, config.TechnicalUserEmail} {
		if !user.IsNull() {
			users++
		}
	}
	switch named := !config.Name.IsNull(); {
	case config.ID.IsNull() && !named:
		resp.Diagnostics.Append(diagnostics.Excluded("id",
			"nothing says which access token: set id, or name with technical_user_id or technical_user_email"))
	case !config.ID.IsNull() && (named || users > 0):
		resp.Diagnostics.Append(diagnostics.Excluded("id",
			"it names the access token by itself: remove it, or name, technical_user_id and technical_user_email"))
	case named && users == 0:
		resp.Diagnostics.Append(diagnostics.Excluded("name",
			"access tokens of different technical users may share a name: set technical_user_id or "+
				"technical_user_email, too"))
	case users > 1:
		resp.Diagnostics.Append(diagnostics.Excluded("technical_user_email",
			"technical_user_id names the technical user already: remove one of them"))
	}
}

func (d *tokenDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config shownModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	attribute.RequireID("id", config.ID, tokens.KindAccessToken, &resp.Diagnostics)
	attribute.RequireID("technical_user_id", config.TechnicalUserID, tokens.KindTechnicalUser, &resp.Diagnostics)
	attribute.Require("technical_user_email", config.TechnicalUserEmail, &resp.Diagnostics, tokens.ValidateEmail)
	if resp.Diagnostics.HasError() {
		return
	}
	id := config.ID.ValueString()
	token, err := managed.Ask(&d.Reader, func(b tokens.Backend) (tokens.AccessToken, error) {
		if id != "" {
			token, err := b.AccessToken(ctx, id)
			if err == nil {
				err = token.CheckOfTechnicalUser()
			}
			return token, managed.NotThere(err, tokens.KindAccessToken, id)
		}
		return config.find(ctx, b)
	})
	if err != nil {
		resp.Diagnostics.Append(diagnostics.FailedRead(diagnostics.Subject{
			Kind: tokens.KindAccessToken,
			Name: config.Name.ValueString(),
			ID:   id,
		}, err))
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, show(token))...)
}

// find returns the only token of a technical user that has the name.
func (m *shownModel) find(ctx context.Context, b tokens.Backend) (tokens.AccessToken, error) {
	name, userID, email := m.Name.ValueString(), m.TechnicalUserID.ValueString(), m.TechnicalUserEmail.ValueString()
	page, err := b.AccessTokens(ctx, tokens.TokenQuery{Search: name, TechnicalUserID: userID})
	if err != nil && tokens.ErrorReason(err) != tokens.ReasonNoDatabase {
		return tokens.AccessToken{}, err
	}
	found := slices.DeleteFunc(page.AccessTokens, func(t tokens.AccessToken) bool {
		return t.Name != name || email != "" && !tokens.SameEmail(t.User.Email, email)
	})
	switch len(found) {
	case 0:
		return tokens.AccessToken{}, managed.NoMatch("name", err,
			"technical user %s has no access token of this name; check the spelling of both and, with act_as or endpoint, that "+
				"whoever you work as may see the token",
			cmp.Or(email, userID))
	case 1:
		return found[0], nil
	}
	return tokens.AccessToken{}, tokens.Invalid("name",
		"technical user %s has %d access tokens of this name (%s): look one of them up by its id", found[0].User.Email,
		len(found), describeTokens(found))
}

// describeTokens lists tokens of one name so that people can tell them apart, as far as a sentence can hold them.
func describeTokens(list []tokens.AccessToken) string {
	const most = 10
	var parts []string
	for _, t := range list[:min(len(list), most)] {
		parts = append(parts, fmt.Sprintf("%s %s, made %s", t.Status, t.ID, tokens.FormatTimestamp(t.CreatedAt)))
	}
	if len(list) > most {
		parts = append(parts, fmt.Sprintf("and %d more", len(list)-most))
	}
	return strings.Join(parts, "; ")
}

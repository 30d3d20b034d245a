package accesstoken

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Generated returns the configuration that is generated for a token with a state, without the technical user that the
// system created: it would be gone when another token is to take this one's place. It reports false where that
// changes nothing.
func Generated(ctx context.Context, c *managed.Connection, state, config tftypes.Value) (tftypes.Value, bool) {
	var diags diag.Diagnostics
	held, generated := codec.Decode(ctx, state, &diags), codec.Decode(ctx, config, &diags)
	if diags.HasError() || generated.TechnicalUserID.IsNull() {
		return tftypes.Value{}, false
	}
	backend, err := c.Open()
	var token tokens.AccessToken
	if err == nil {
		token, err = backend.AccessToken(ctx, held.ID.ValueString())
	}
	if err != nil || !token.User.SystemCreated {
		return tftypes.Value{}, false
	}
	generated.TechnicalUserID = types.StringNull()
	return codec.Encode(ctx, generated, config.Type()), true
}

package attribute

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// replacingReference replaces an object that is to refer to another one.
type replacingReference struct{ kind tokens.Kind }

var _ planmodifier.String = replacingReference{}

// ReplacingReference returns the plan modifier of a reference to an object of a kind that can't change in place. It
// refuses what is no identifier: the backend would too, but only after the object to be replaced is gone.
func ReplacingReference(kind tokens.Kind) planmodifier.String { return replacingReference{kind} }

// Description says what a change does.
func (replacingReference) Description(context.Context) string { return "A change replaces the object." }

// MarkdownDescription says what a change does.
func (m replacingReference) MarkdownDescription(ctx context.Context) string {
	return m.Description(ctx)
}

// PlanModifyString plans the change of an object that exists.
func (m replacingReference) PlanModifyString(
	_ context.Context, req planmodifier.StringRequest, resp *planmodifier.StringResponse,
) {
	if req.State.Raw.IsNull() || req.Plan.Raw.IsNull() || req.PlanValue.Equal(req.StateValue) {
		return
	}
	resp.RequiresReplace = true
	RequireID(diagnostics.AttributeName(req.Path), req.PlanValue, m.kind, &resp.Diagnostics)
}

package managed

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// identified is the attribute of an identity that names an object of a kind. An identity has attributes of the state, which
// together are the identifier of the object.
type identified struct {
	name string
	kind tokens.Kind
}

// identityOf returns the attributes of the identity of an object of a kind, in the order of its identifier.
func identityOf(kind tokens.Kind) []identified {
	if kind == tokens.KindTokenShare {
		return []identified{{"access_token_id", tokens.KindAccessToken}, {"member_id", tokens.KindMember}}
	}
	return []identified{{"id", kind}}
}

// IdentitySchema describes by what Terraform 1.12 and later identify an object.
func (m *Resource) IdentitySchema(
	_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse,
) {
	resp.IdentitySchema = identitySchema(m.Kind)
}

// identitySchema is the schema of the identity of an object of a kind.
func identitySchema(kind tokens.Kind) identityschema.Schema {
	attributes := map[string]identityschema.Attribute{}
	for _, a := range identityOf(kind) {
		attributes[a.name] = identityschema.StringAttribute{
			RequiredForImport: true,
			Description:       "Identifier of the " + a.kind.Noun() + " (" + a.kind.IDForm() + ").",
		}
	}
	return identityschema.Schema{Attributes: attributes}
}

// IdentityType returns the type of the identity of an object of a kind.
func IdentityType(kind tokens.Kind) tftypes.Type {
	return identitySchema(kind).Type().TerraformType(context.Background())
}

// Identity returns the identity, of the type of its kind, of an object with a state.
func Identity(of tftypes.Type, state tftypes.Value) (tftypes.Value, error) {
	var attributes map[string]tftypes.Value
	if err := state.As(&attributes); err != nil {
		return tftypes.Value{}, err
	}
	object, ok := of.(tftypes.Object)
	if !ok {
		return tftypes.Value{}, fmt.Errorf("an identity is no %s", of)
	}
	values := map[string]tftypes.Value{}
	for name := range object.AttributeTypes {
		values[name] = attributes[name]
	}
	if err := tftypes.ValidateValue(of, values); err != nil {
		return tftypes.Value{}, err
	}
	return tftypes.NewValue(of, values), nil
}

// identify fills in an identity from the state of its object. Terraform forgets an identity that an answer leaves out.
func identify(state tftypes.Value, identity *tfsdk.ResourceIdentity, diags *diag.Diagnostics) {
	raw, err := Identity(identity.Schema.Type().TerraformType(context.Background()), state)
	if err != nil {
		diags.AddError("Unable to identify the object", err.Error()+". This is a defect of Latchkey, please report it.")
		return
	}
	identity.Raw = raw
}

// PlanIdentity plans the identity of an object that exists. A state of an older Terraform has none.
func PlanIdentity(req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if !req.State.Raw.IsNull() && !req.Plan.Raw.IsNull() {
		identify(req.State.Raw, resp.Identity, &resp.Diagnostics)
	}
}

// importID returns what names the object to import: the text that people write, or the identifier by its identity. It returns
// false where the identity is none.
func importID(ctx context.Context, kind tokens.Kind, req resource.ImportStateRequest, diags *diag.Diagnostics) (string, bool) {
	if req.ID != "" || req.Identity == nil || req.Identity.Raw.IsNull() {
		return req.ID, true
	}
	var ids []string
	for _, a := range identityOf(kind) {
		var id types.String
		diags.Append(req.Identity.GetAttribute(ctx, path.Root(a.name), &id)...)
		if err := tokens.ValidateID(a.name, a.kind, id.ValueString()); err != nil {
			diags.Append(diagnostics.FailedImport(diagnostics.Subject{Kind: kind}, err))
		}
		ids = append(ids, id.ValueString())
	}
	return strings.Join(ids, "/"), !diags.HasError()
}

package provider

import (
	"context"
	"errors"
	"math"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// reader is what every data source is built on: the connection to the backend, and the steps that all of them share.
type reader struct{ *connection }

// Configure takes the connection from the provider. Terraform also calls it before the provider is configured.
func (r *reader) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	r.connection = connectionFrom(req.ProviderData, &resp.Diagnostics)
}

// ask returns the backend's answer to a question.
func ask[T any](r *reader, question func(tokens.Backend) (T, error)) (answer T, err error) {
	backend, err := r.open()
	if err != nil {
		return answer, err
	}
	return question(backend)
}

// askForList returns a list of objects of a kind from the backend. A database that was never made holds none.
func askForList[T any](r *reader, kind tokens.Kind, diags *diag.Diagnostics, question func(tokens.Backend) (T, error)) T {
	answer, err := ask(r, question)
	switch {
	case errors.Is(err, tokens.ErrNoDatabase):
		diags.AddWarning("There is no database yet", "The list is empty for that reason alone, as before the first apply of a new configuration. Where there should be a database, check its path: "+err.Error())
	case err != nil:
		diags.Append(failedList(kind, err))
	}
	return answer
}

// notThere turns the error of a look-up in a database that was never made into one that says that the object isn't there.
func notThere(err error, kind tokens.Kind, id string) error {
	if !errors.Is(err, tokens.ErrNoDatabase) {
		return err
	}
	missing := tokens.NotFound(kind, id)
	missing.Err = err
	return missing
}

// noMatch is the error of a look-up by something else than the identifier that nothing matches. The cause is nil, or says
// that the database was never made.
func noMatch(field string, cause error, format string, args ...any) error {
	missing := tokens.Invalid(field, format, args...)
	missing.Code, missing.Err = tokens.CodeNotFound, cause
	return missing
}

// listOf returns the attribute for a list of objects. Show makes the model of each, whose fields are attribute values with
// tfsdk tags. The framework's own conversion inspects the struct anew for each object: that takes seconds for 10,000.
func listOf[T, M any](attributes map[string]schema.Attribute, list []T, show func(T) M) types.List {
	typ := objectTypeOf(attributes)
	fields := reflect.TypeFor[M]()
	objects := make([]attr.Value, len(list))
	for i := range list {
		model, values := reflect.ValueOf(show(list[i])), make(map[string]attr.Value, fields.NumField())
		for j := range fields.NumField() {
			values[fields.Field(j).Tag.Get("tfsdk")] = attributeAt(model, j)
		}
		objects[i] = types.ObjectValueMust(typ.AttrTypes, values)
	}
	return types.ListValueMust(typ, objects)
}

// textOrNull returns the attribute for a text of the backend: null for an empty one.
func textOrNull(text string) types.String { return optionalText(types.StringNull(), text) }

// objectTypeOf returns the type of an object with these attributes.
func objectTypeOf(attributes map[string]schema.Attribute) types.ObjectType {
	attributeTypes := make(map[string]attr.Type, len(attributes))
	for name, attribute := range attributes {
		attributeTypes[name] = attribute.GetType()
	}
	return types.ObjectType{AttrTypes: attributeTypes}
}

// shownList is the schema of a list of objects that the backend answers.
func shownList(attributes map[string]schema.Attribute, description string) schema.ListNestedAttribute {
	return schema.ListNestedAttribute{
		Computed:            true,
		MarkdownDescription: description,
		NestedObject:        schema.NestedAttributeObject{Attributes: attributes},
	}
}

// shownText is the schema of a text that the backend answers.
func shownText(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description}
}

// shownTimestamp is the schema of a timestamp that the backend answers.
func shownTimestamp(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, CustomType: timestampType{}, MarkdownDescription: "RFC 3339: " + description + "."}
}

// shownBool is the schema of a yes or no that the backend answers.
func shownBool(description string) schema.BoolAttribute {
	return schema.BoolAttribute{Computed: true, MarkdownDescription: description}
}

// shownGroupRoles is the schema of roles in groups that the backend answers.
func shownGroupRoles(description string) schema.SetNestedAttribute {
	return schema.SetNestedAttribute{
		Computed:            true,
		MarkdownDescription: description,
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"group_id": shownText("Identifier of the group."),
			"role":     shownText("Role in that group."),
		}},
	}
}

// filter is the schema of an optional text that selects.
func filter(description string, validators ...validator.String) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, MarkdownDescription: description, Validators: validators}
}

// durationFilter is the schema of an optional duration that selects.
func durationFilter(description string) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, CustomType: durationType{}, MarkdownDescription: description}
}

// countFilter is the schema of an optional number of objects.
func countFilter(description string) schema.Int64Attribute {
	return schema.Int64Attribute{Optional: true, MarkdownDescription: description, Validators: []validator.Int64{notNegative{}}}
}

// key is the schema of an attribute by which an object is looked up, and which is answered where another one is.
func key(description string, validators ...validator.String) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, Computed: true, MarkdownDescription: description, Validators: validators}
}

// notNegative refuses a number below zero.
type notNegative struct{}

var _ validator.Int64 = notNegative{}

// Description says what the rule asks for.
func (notNegative) Description(context.Context) string { return "must not be negative" }

// MarkdownDescription says what the rule asks for.
func (v notNegative) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateInt64 applies the rule to a known value.
func (notNegative) ValidateInt64(_ context.Context, req validator.Int64Request, resp *validator.Int64Response) {
	if isGiven(req.ConfigValue) && req.ConfigValue.ValueInt64() < 0 {
		resp.Diagnostics.Append(invalidAttribute(req.Path, tokens.Invalid(attributeName(req.Path), "%d is negative: use a positive number, or leave it out", req.ConfigValue.ValueInt64())))
	}
}

// count returns a number of objects, 0 for null. What no memory could hold is as good as what an int can.
func count(v types.Int64) int { return int(min(v.ValueInt64(), math.MaxInt32)) }

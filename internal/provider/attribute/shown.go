package attribute

import (
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/customtypes"
)

// ShownList is the schema of a list of objects that the backend answers.
func ShownList(attributes map[string]schema.Attribute, description string) schema.ListNestedAttribute {
	return schema.ListNestedAttribute{
		Computed:            true,
		MarkdownDescription: description,
		NestedObject:        schema.NestedAttributeObject{Attributes: attributes},
	}
}

// ShownText is the schema of a text that the backend answers.
func ShownText(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description}
}

// ShownTimestamp is the schema of a timestamp that the backend answers. See ComputedTimestamp.
func ShownTimestamp(description string, notes ...string) schema.StringAttribute {
	return schema.StringAttribute{
		Computed: true, CustomType: customtypes.TimestampType{}, MarkdownDescription: describeTimestamp(description, notes),
	}
}

// ShownDuration is the schema of a duration that is only shown.
func ShownDuration(description string) schema.StringAttribute {
	return schema.StringAttribute{
		Computed:            true,
		CustomType:          customtypes.DurationType{},
		MarkdownDescription: description,
	}
}

// ShownBool is the schema of a yes or no that the backend answers.
func ShownBool(description string) schema.BoolAttribute {
	return schema.BoolAttribute{Computed: true, MarkdownDescription: description}
}

// ShownGroupRoles is the schema of roles in groups that the backend answers.
func ShownGroupRoles(description string) schema.SetNestedAttribute {
	return schema.SetNestedAttribute{
		Computed:            true,
		MarkdownDescription: description,
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"group_id": ShownText("Identifier of the group."),
			"role":     ShownText("Role in that group."),
		}},
	}
}

// Filter is the schema of an optional text that selects.
func Filter(description string, validators ...validator.String) schema.StringAttribute {
	return schema.StringAttribute{Optional: true, MarkdownDescription: description, Validators: validators}
}

// DurationFilter is the schema of an optional duration that selects.
func DurationFilter(description string) schema.StringAttribute {
	return schema.StringAttribute{
		Optional:            true,
		CustomType:          customtypes.DurationType{},
		MarkdownDescription: description,
	}
}

// CountFilter is the schema of an optional number of objects.
func CountFilter(description string) schema.Int64Attribute {
	return schema.Int64Attribute{
		Optional: true, CustomType: customtypes.WholeNumberType{}, MarkdownDescription: description,
		Validators: []validator.Int64{notNegative{}},
	}
}

// Key is the schema of an attribute by which an object can be looked up, and which is shown if another one was used.
func Key(description string, validators ...validator.String) schema.StringAttribute {
	return schema.StringAttribute{
		Optional:            true,
		Computed:            true,
		MarkdownDescription: description,
		Validators:          validators,
	}
}

// ListOf returns the attribute for a list of objects. Show makes the model of each, whose fields are attribute values
// with tfsdk tags. The framework's own conversion inspects the struct anew for each object: that takes seconds for
// 10,000.
func ListOf[T, M any](attributes map[string]schema.Attribute, list []T, show func(T) M) types.List {
	typ := objectTypeOf(attributes)
	fields := attributesOf(reflect.TypeFor[M]())
	objects := make([]attr.Value, len(list))
	for i := range list {
		objects[i] = objectOf(typ, fields, show(list[i]))
	}
	return types.ListValueMust(typ, objects)
}

// ObjectOrNull is ListOf for one object, or null.
func ObjectOrNull[T, M any](attributes map[string]schema.Attribute, one T, isNull bool, show func(T) M) types.Object {
	typ := objectTypeOf(attributes)
	if isNull {
		return types.ObjectNull(typ.AttrTypes)
	}
	return objectOf(typ, attributesOf(reflect.TypeFor[M]()), show(one))
}

// objectOf returns the attribute for an object from its model.
func objectOf[M any](typ types.ObjectType, fields []reflect.StructField, from M) types.Object {
	model, values := reflect.ValueOf(from), make(map[string]attr.Value, len(fields))
	for _, f := range fields {
		values[f.Tag.Get("tfsdk")] = attributeAt(model, f.Index)
	}
	return types.ObjectValueMust(typ.AttrTypes, values)
}

// objectTypeOf returns the type of an object with these attributes.
func objectTypeOf(attributes map[string]schema.Attribute) types.ObjectType {
	attributeTypes := make(map[string]attr.Type, len(attributes))
	for name, attribute := range attributes {
		attributeTypes[name] = attribute.GetType()
	}
	return types.ObjectType{AttrTypes: attributeTypes}
}

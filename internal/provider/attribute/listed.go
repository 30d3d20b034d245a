package attribute

import (
	"fmt"
	"maps"

	shown "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
)

// ListFilters returns the filters of a data source as those of a list resource. All of them are texts.
func ListFilters(filters map[string]shown.Attribute) map[string]schema.Attribute {
	attributes := make(map[string]schema.Attribute, len(filters))
	for name, filter := range filters {
		text, ok := filter.(shown.StringAttribute)
		if !ok {
			panic(fmt.Sprintf("filter %s is a %T and no text", name, filter))
		}
		attributes[name] = schema.StringAttribute{
			Optional:            true,
			CustomType:          text.CustomType,
			MarkdownDescription: text.MarkdownDescription,
			Validators:          text.Validators,
		}
	}
	return attributes
}

// Also returns the attributes of a schema together with further ones.
func Also[A any](attributes, further map[string]A) map[string]A {
	maps.Copy(attributes, further)
	return attributes
}

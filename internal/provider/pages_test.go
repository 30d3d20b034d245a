package provider_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	latchkey "github.com/latchkey-dev/terraform-provider-latchkey/internal/provider"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
)

// Whatever the provider offers, functions apart, has a page with a subcategory, an example and every attribute once, be it in
// a list or in groups; where it can be imported, also with the forms of the identifier.
func TestPages(t *testing.T) {
	ctx := context.Background()
	b := acctest.New(t)
	p := latchkey.New("test", b.Now)
	schemas, err := providerserver.NewProtocol6(p)().GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	b.Must(err)
	imports, actions := importable(ctx, p), map[string]*tfprotov6.Schema{}
	for kind, action := range schemas.ActionSchemas {
		actions[kind] = action.Schema
	}
	for folder, kinds := range map[string]map[string]*tfprotov6.Schema{
		"resources": schemas.ResourceSchemas, "data-sources": schemas.DataSourceSchemas,
		"list-resources": schemas.ListResourceSchemas, "ephemeral-resources": schemas.EphemeralResourceSchemas,
		"actions": actions,
	} {
		for kind, schema := range kinds {
			t.Run(folder+"/"+kind, func(t *testing.T) {
				name := strings.TrimPrefix(kind, "latchkey_") + ".md"
				content, err := os.ReadFile(filepath.Join("..", "..", "docs", folder, name))
				if err != nil {
					t.Fatal(err)
				}
				page := string(content)
				if strings.Contains(page, "\nsubcategory: \"\"\n") {
					t.Error("the page is in no subcategory: name one in the template")
				}
				parts := []string{"\nsubcategory: \"", "\n## Example Usage\n\n```terraform\n"}
				if folder == "resources" {
					parts = append(parts, "```\n\n### ") // more than one example, all but the first with a title
					if imports[kind] {
						parts = append(parts, "\n## Import\n", "\nimport {\n", "\nterraform import ", "\n# By ")
					}
				}
				for _, part := range parts {
					if !strings.Contains(page, part) {
						t.Errorf("the page lacks %q", part)
					}
				}
				_, list, _ := strings.Cut(page, "\n## Schema\n")
				list, _, _ = strings.Cut(list, "\n<a id=")
				for _, a := range schema.Block.Attributes {
					if n := strings.Count(list, "\n- `"+a.Name+"` ("); n != 1 {
						t.Errorf("attribute %s is on the page %d times: see the groups in the template", a.Name, n)
					}
				}
			})
		}
	}
}

// importable returns the resources that can be imported.
func importable(ctx context.Context, p *latchkey.Provider) map[string]bool {
	var about provider.MetadataResponse
	p.Metadata(ctx, provider.MetadataRequest{}, &about)
	imports := map[string]bool{}
	for _, create := range p.Resources(ctx) {
		r := create()
		var meta resource.MetadataResponse
		r.Metadata(ctx, resource.MetadataRequest{ProviderTypeName: about.TypeName}, &meta)
		_, imports[meta.TypeName] = r.(resource.ResourceWithImportState)
	}
	return imports
}

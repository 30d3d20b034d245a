// Command schema prepares the schema of the provider for tfplugindocs. It reads what `terraform providers schema -json`
// answers, and writes it with the list resources and actions that the provider itself tells of: a Terraform older than 1.14
// knows of none, and their pages would go. It also writes the provider under its bare name, by which tfplugindocs looks it up.
//
// It is part of the product's module, since it asks the provider, and needs nothing else.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/fastpath"
)

func main() {
	if err := prepare(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "schema:", err)
		os.Exit(1)
	}
}

// answer is what `terraform providers schema -json` writes, as far as it is looked at.
type answer struct {
	FormatVersion   json.RawMessage                       `json:"format_version"`
	ProviderSchemas map[string]map[string]json.RawMessage `json:"provider_schemas"`
}

// prepare reads Terraform's answer and writes the prepared one.
func prepare(from io.Reader, to io.Writer) error {
	var a answer
	if err := json.NewDecoder(from).Decode(&a); err != nil {
		return fmt.Errorf("unable to read the schema from Terraform: %w", err)
	}
	lists, actions, err := newerSchemas()
	if err != nil {
		return err
	}
	prepared := map[string]map[string]json.RawMessage{}
	for address, schemas := range a.ProviderSchemas {
		schemas["list_resource_schemas"], schemas["action_schemas"] = lists, actions
		prepared[address[strings.LastIndexByte(address, '/')+1:]] = schemas
	}
	a.ProviderSchemas = prepared
	return json.NewEncoder(to).Encode(a)
}

// schema, block and attribute are how Terraform writes schemas. List resources and actions of the provider have plain
// attributes alone.
type (
	schema struct {
		Version int64 `json:"version"`
		Block   block `json:"block"`
	}
	block struct {
		Attributes      map[string]attribute `json:"attributes,omitempty"`
		Description     string               `json:"description"`
		DescriptionKind string               `json:"description_kind"`
	}
	attribute struct {
		Type            json.RawMessage `json:"type"`
		Description     string          `json:"description"`
		DescriptionKind string          `json:"description_kind"`
		Required        bool            `json:"required,omitempty"`
		Optional        bool            `json:"optional,omitempty"`
	}
)

// newerSchemas returns the schemas of the list resources and of the actions as Terraform writes them.
func newerSchemas() (lists, actions json.RawMessage, err error) {
	still := func() time.Time { return time.Time{} }
	server := fastpath.NewServer(provider.New("docs", still))
	resp, err := server.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, nil, err
	}
	listed, acting := map[string]schema{}, map[string]schema{}
	for name, described := range resp.ListResourceSchemas {
		if listed[name], err = schemaOf(name, described); err != nil {
			return nil, nil, err
		}
	}
	for name, described := range resp.ActionSchemas {
		if acting[name], err = schemaOf(name, described.Schema); err != nil {
			return nil, nil, err
		}
	}
	if lists, err = json.Marshal(listed); err == nil {
		actions, err = json.Marshal(acting)
	}
	return lists, actions, err
}

// schemaOf returns the schema of a list resource or an action.
func schemaOf(name string, described *tfprotov6.Schema) (schema, error) {
	b := block{
		Attributes:  map[string]attribute{},
		Description: described.Block.Description, DescriptionKind: kind(described.Block.DescriptionKind),
	}
	for _, a := range described.Block.Attributes {
		if a.Type == nil || len(described.Block.BlockTypes) > 0 {
			return schema{}, fmt.Errorf("%s has a block or a nested attribute, which this program can't write yet", name)
		}
		typ, err := json.Marshal(a.Type)
		if err != nil {
			return schema{}, err
		}
		b.Attributes[a.Name] = attribute{typ, a.Description, kind(a.DescriptionKind), a.Required, a.Optional}
	}
	return schema{described.Version, b}, nil
}

// kind is how Terraform writes whether a description is Markdown.
func kind(k tfprotov6.StringKind) string {
	if k == tfprotov6.StringKindMarkdown {
		return "markdown"
	}
	return "plain"
}

package provider

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// subject is the object that a diagnostic is about.
type subject struct {
	kind tokens.Kind
	name string // what people call it; empty where it is not known
	id   string // empty before it is made
}

// String names the object at the beginning of a sentence, as in: Access token "ci" (tok_…).
func (s subject) String() string {
	noun := s.kind.Noun()
	text := string(noun[0]-'a'+'A') + noun[1:]
	if s.name != "" {
		text += fmt.Sprintf(" %q", s.name)
	}
	if s.id != "" {
		text += " (" + s.id + ")"
	}
	return text
}

// failed is the diagnostic for an operation on an object that failed; verb is its infinitive.
func failed(verb string, s subject, err error) diag.Diagnostic {
	summary := "Unable to " + verb + " " + s.kind.Noun()
	var e *tokens.Error
	if !errors.As(err, &e) {
		return diag.NewErrorDiagnostic(summary, fmt.Sprintf("%s: %s.", s, err))
	}
	detail := fmt.Sprintf("%s: %s", s, e)
	if !strings.HasSuffix(detail, "}") { // the end of a block to paste
		detail += "."
	}
	if e.Code == tokens.CodeUnavailable && s.id != "" {
		detail += "\n\nIt stays in the Terraform state."
	}
	if e.Field == "" || e.Code == tokens.CodeUnavailable {
		return diag.NewErrorDiagnostic(summary, detail)
	}
	return diag.NewAttributeErrorDiagnostic(path.Root(e.Field), summary, detail)
}

// invalidAttribute is the diagnostic for a configured value that breaks a rule.
func invalidAttribute(at path.Path, err error) diag.Diagnostic {
	detail := err.Error()
	var e *tokens.Error
	if errors.As(err, &e) {
		detail = e.Message
	}
	return diag.NewAttributeErrorDiagnostic(at, "Invalid attribute value", fmt.Sprintf("Attribute %s: %s.", attributeNames(at), detail))
}

// attributeNames names the attribute at a path with those that it is nested in; which element of a set it stands in is
// left out, since that is the element's value.
func attributeNames(at path.Path) string {
	var names []string
	for _, step := range at.Steps() {
		if name, ok := step.(path.PathStepAttributeName); ok {
			names = append(names, string(name))
		}
	}
	return strings.Join(names, ".")
}

// Package diagnostics turns errors of the domain into Terraform's diagnostics: what failed, for which object, why, and
// what to do next.
package diagnostics

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Excluded is the diagnostic for a configured attribute that another one rules out.
func Excluded(attribute, reason string) diag.Diagnostic {
	return InvalidAttribute(path.Root(attribute), tokens.Invalid(attribute, "%s", reason))
}

// Subject is the object that a diagnostic is about.
type Subject struct {
	Kind tokens.Kind
	Name string // what people call it; empty if unknown
	ID   string // empty before it is made
}

// String names the object at the beginning of a sentence, as in: Access token "ci" (tok_…).
func (s Subject) String() string {
	text := sentence(s.Kind.Noun())
	if s.Name != "" {
		text += fmt.Sprintf(" %q", tokens.Cleaned(s.Name))
	}
	if s.ID != "" {
		text += " (" + s.ID + ")"
	}
	return text
}

// sentence begins a sentence with words that are in lower case.
func sentence(words string) string { return string(words[0]-'a'+'A') + words[1:] }

// Failed is the diagnostic for a failed operation on a managed object; verb is its infinitive.
func Failed(verb string, s Subject, err error) diag.Diagnostic {
	note := ""
	if s.ID != "" && !isAboutObject(err) {
		note = "\n\nIt stays in the Terraform state."
		if verb == "read" && tokens.ErrorCode(err) == tokens.CodeForbidden &&
			tokens.ErrorReason(err) != tokens.ReasonUnauthenticated {
			// No plan gets past this read to the role that the configuration now gives to the member.
			note += " If this configuration took that permission from the account that the run works as, give it back there " +
				"and apply the account's new role first. With act_as, that is " +
				"terraform apply -refresh=false -target=latchkey_member.NAME; at a server, run it with another access token, " +
				"whose account still holds the permission."
		}
	}
	return failure("Unable to "+verb+" "+s.Kind.Noun(), s.String(), err, note)
}

// FailedRead is the diagnostic for a failed look-up of an object.
func FailedRead(s Subject, err error) diag.Diagnostic { return FailedAction("read", s, err) }

// FailedAction is the diagnostic for a failed operation on an object that no state holds; verb is its infinitive.
func FailedAction(verb string, s Subject, err error) diag.Diagnostic {
	return failure("Unable to "+verb+" "+s.Kind.Noun(), s.String(), err, "")
}

// FailedInvocation is the diagnostic for a failed action of Terraform, and says how to repeat it: the next apply doesn't.
func FailedInvocation(verb string, s Subject, err error, again string) diag.Diagnostic {
	return failure("Unable to "+verb+" "+s.Kind.Noun(), s.String(), err,
		"\n\nThe next apply does not repeat this. Once the reason is gone, run "+again+".")
}

// FailedImport is the diagnostic for a failed import.
func FailedImport(s Subject, err error) diag.Diagnostic {
	return failure("Unable to import "+s.Kind.Noun(), s.String(), err, "")
}

// TwoAddresses is the diagnostic for an object that is imported, and is at another address of the state or imported there, too.
// It is no error, since a removed block may take it out of the other one in the same run.
func TwoAddresses(s Subject) diag.Diagnostic {
	return diag.NewWarningDiagnostic("Imported to a second address", fmt.Sprintf(
		"%s is imported, and another address of this configuration or state has it as well. Terraform takes the two for different "+
			"objects: removing either block would delete the one that both mean.\n\nUnless this plan takes it out of the other "+
			"address by a removed block with destroy = false, remove the import block and the resource block that are not needed "+
			"before you apply. Afterwards, use such a removed block, or terraform state rm.", s))
}

// FailedList is the diagnostic for a failed list of objects of a kind.
func FailedList(kind tokens.Kind, err error) diag.Diagnostic { return FailedAll("list", kind, err) }

// FailedAll is the diagnostic for an operation on objects of a kind that failed before it came to any of them; verb is its
// infinitive.
func FailedAll(verb string, kind tokens.Kind, err error) diag.Diagnostic {
	nouns := kind.Noun() + "s"
	return failure("Unable to "+verb+" "+nouns, sentence(nouns), err, "")
}

// Failure is an object of several with which an operation failed.
type Failure struct {
	Subject
	Err error
}

// FailedSome is the diagnostic for an operation that failed with some of several objects of a kind; verb is its infinitive.
// Done says what became of the others.
func FailedSome(verb string, kind tokens.Kind, done string, failures []Failure) diag.Diagnostic {
	paragraphs, before := []string{done}, ""
	for _, f := range failures {
		why := ": " + Explain(f.Err)
		if last := &paragraphs[len(paragraphs)-1]; why == before { // one paragraph for all that one thing stopped
			*last = strings.TrimSuffix(*last, why) + "\n" + f.String() + why
		} else {
			paragraphs = append(paragraphs, f.String()+why)
		}
		before = why
	}
	return diag.NewErrorDiagnostic("Unable to "+verb+" "+kind.Noun()+"s", strings.Join(paragraphs, "\n\n"))
}

// failure is the diagnostic for an error about something, at the attribute that the error names, with a note behind it.
func failure(summary, about string, err error, note string) diag.Diagnostic {
	detail := about + ": " + Explain(err) + note
	e, ok := errors.AsType[*tokens.Error](err)
	if !ok || e.Field == "" || !isAboutObject(err) {
		return diag.NewErrorDiagnostic(summary, detail)
	}
	return diag.NewAttributeErrorDiagnostic(path.Root(e.Field), summary, detail)
}

// isAboutObject reports whether an error concerns the object and its attributes, as opposed to the backend or the
// caller, which are settings of the provider.
func isAboutObject(err error) bool {
	code := tokens.ErrorCode(err)
	return code != tokens.CodeUnavailable && code != tokens.CodeForbidden &&
		tokens.ErrorReason(err) != tokens.ReasonOtherOrganization
}

// InvalidAttribute is the diagnostic for a configured value that breaks a rule.
func InvalidAttribute(at path.Path, err error) diag.Diagnostic {
	detail := err.Error()
	if e, ok := errors.AsType[*tokens.Error](err); ok {
		detail = e.Message
	}
	return diag.NewAttributeErrorDiagnostic(at, "Invalid attribute value",
		withWayOut(fmt.Sprintf("Attribute %s: %s", attributeNames(at), detail), err))
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

// AttributeName returns the name of the attribute at the end of a path.
func AttributeName(at path.Path) string {
	last, _ := at.Steps().LastStep()
	if name, ok := last.(path.PathStepAttributeName); ok {
		return string(name)
	}
	return at.String()
}

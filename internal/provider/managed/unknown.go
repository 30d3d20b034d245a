package managed

import (
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
)

// Unknown is an attribute that a plan doesn't know yet, and what to write there so that it does.
type Unknown struct{ Attribute, Instead string }

// UnknownReference is an attribute that names an object which a resource of the type manages.
func UnknownReference(attribute, resource string) Unknown {
	return Unknown{attribute, fmt.Sprintf("name the resource itself in %s (%[1]s = %[2]s.NAME.id), whose identifier is known "+
		"at plan unless that resource is created or replaced", attribute, resource)}
}

// WarnOfUnknown says that the plan replaces an object because it doesn't know attributes yet, what that does, and what
// to write there instead.
func WarnOfUnknown(s diagnostics.Subject, effect string, unknown []Unknown, diags *diag.Diagnostics) {
	if len(unknown) == 0 {
		return
	}
	var attributes, instead []string
	for _, u := range unknown {
		attributes, instead = append(attributes, u.Attribute), append(instead, u.Instead)
	}
	diags.AddAttributeWarning(path.Root(attributes[0]), "Replacing "+s.Kind.Noun()+" because of a value that is not known yet",
		fmt.Sprintf("%s will be replaced, even if nothing turns out to have changed: Terraform learns %s only during the "+
			"apply, for example from a data source with depends_on, or because this plan replaces the object that it names. "+
			"%s\n\nTo keep it, %s.",
			s, strings.Join(attributes, " and "), effect, strings.Join(instead, ", and ")))
}

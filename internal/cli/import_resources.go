package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// references say how a configuration refers to the objects that it declares.
type references struct {
	// addresses are those of the declared objects, by identifier.
	addresses map[string]string
	// roles are the addresses of the declared roles, by name.
	roles map[string]string
}

// newReferences returns the references to objects, given their addresses by identifier.
func newReferences(objects []manageable, addresses map[string]string) references {
	r := references{addresses, map[string]string{}}
	for _, object := range objects {
		if address, ok := addresses[object.id]; ok && object.kind == tokens.KindRole {
			r.roles[object.key] = address
		}
	}
	return r
}

// id returns the expression for the identifier of an object.
func (r references) id(id string) string {
	if address, ok := r.addresses[id]; ok {
		return address + ".id"
	}
	return quoted(id)
}

// role returns the expression for the name of a role.
func (r references) role(name string) string {
	if address, ok := r.roles[name]; ok {
		return address + ".name"
	}
	return quoted(name)
}

// resourceBlock writes the block that declares an object at its address, as terraform fmt formats it.
func (r references) resourceBlock(object manageable) string {
	var b blockWriter
	switch o := object.object.(type) {
	case tokens.Group:
		b.text("name", o.Name)
		b.text("description", o.Description)
	case tokens.Role:
		b.text("name", o.Name)
		b.text("description", o.Description)
		b.list("permissions", o.Permissions)
	case tokens.Member:
		b.text("email", o.Email)
		b.text("name", o.Name)
		r.grants(&b, o.Grants)
	case tokens.TechnicalUser:
		b.text("name", o.Name)
		b.text("description", o.Description)
		b.reference(r, "group_id", o.GroupID)
		b.falseIf(!o.Enabled, "enabled")
		r.grants(&b, o.Grants)
	case tokens.AccessToken:
		r.accessToken(&b, o)
	case tokens.TokenShare:
		b.reference(r, "access_token_id", o.AccessTokenID)
		b.reference(r, "member_id", o.MemberID)
		b.text("role", o.Role)
	}
	resourceType, name, _ := strings.Cut(r.addresses[object.id], ".")
	return fmt.Sprintf("resource %q %q {\n%s}", resourceType, name, b.String())
}

// grants writes the roles of an account.
func (r references) grants(b *blockWriter, g tokens.Grants) {
	b.expression("role", r.role(g.Role))
	if len(g.GroupRoles) > 0 {
		b.groupRoles(r, g.GroupRoles)
	}
}

// accessToken writes what is set on an access token, with its technical user or, where the system created that one, with
// the level of it.
func (r references) accessToken(b *blockWriter, t tokens.AccessToken) {
	b.text("name", t.Name)
	b.text("description", t.Description)
	if t.User.SystemCreated {
		b.reference(r, "group_id", t.User.GroupID)
	} else {
		b.reference(r, "technical_user_id", t.User.ID)
	}
	if t.Own.Role != "" {
		b.expression("role", r.role(t.Own.Role))
	}
	if t.Visibility != tokens.VisibilityOrganization {
		b.text("visibility", string(t.Visibility))
	}
	b.falseIf(!t.Enabled, "enabled")
	if !t.ActivatesAt.IsZero() {
		b.text("activates_at", tokens.FormatTimestamp(t.ActivatesAt))
	}
	if !t.ExpiresAt.IsZero() {
		b.text("expires_at", tokens.FormatTimestamp(t.ExpiresAt))
	}
	if t.TTL != 0 {
		b.text("ttl", tokens.FormatDuration(t.TTL))
	}
	if t.RegenerateBeforeExpiry != 0 {
		b.text("regenerate_before_expiry", tokens.FormatDuration(t.RegenerateBeforeExpiry))
	}
	b.text("on_expired", string(t.OnExpired))
	b.text("on_secret_drift", string(t.OnSecretDrift))
	if t.Grace != (tokens.Grace{}) {
		b.text("grace_period", t.Grace.String())
	}
	if t.ProtectIfUsedWithin != 0 {
		b.text("protect_if_used_within", tokens.FormatDuration(t.ProtectIfUsedWithin))
	}
	if t.Own.GroupRoles != nil { // none in any group differs from what is not set
		b.groupRoles(r, t.Own.GroupRoles)
	}
}

// blockWriter writes the attributes of a block. Those of one line come first, so that their values stand in one column.
type blockWriter struct {
	short [][2]string
	long  []string
}

// expression writes an attribute of one line.
func (b *blockWriter) expression(name, expression string) {
	b.short = append(b.short, [2]string{name, expression})
}

// text writes a text, unless it is empty.
func (b *blockWriter) text(name, text string) {
	if text != "" {
		b.expression(name, quoted(text))
	}
}

// reference writes the identifier of another object, unless there is none.
func (b *blockWriter) reference(r references, name, id string) {
	if id != "" {
		b.expression(name, r.id(id))
	}
}

// falseIf writes a switch that is off, if it is.
func (b *blockWriter) falseIf(off bool, name string) {
	if off {
		b.expression(name, "false")
	}
}

// list writes a list of texts.
func (b *blockWriter) list(name string, texts []string) {
	if len(texts) == 0 {
		b.expression(name, "[]")
		return
	}
	lines := make([]string, len(texts))
	for i, text := range texts {
		lines[i] = "    " + quoted(text) + ",\n"
	}
	b.long = append(b.long, fmt.Sprintf("  %s = [\n%s  ]\n", name, strings.Join(lines, "")))
}

// groupRoles writes roles in groups.
func (b *blockWriter) groupRoles(r references, roles []tokens.GroupRole) {
	if len(roles) == 0 {
		b.expression("group_roles", "[]")
		return
	}
	lines := make([]string, len(roles))
	for i, role := range roles {
		lines[i] = fmt.Sprintf("    {\n      group_id = %s\n      role     = %s\n    },\n", r.id(role.GroupID),
			r.role(role.Role))
	}
	b.long = append(b.long, fmt.Sprintf("  group_roles = [\n%s  ]\n", strings.Join(lines, "")))
}

// String returns the lines of the block.
func (b *blockWriter) String() string {
	width := 0
	for _, attribute := range b.short {
		width = max(width, len(attribute[0]))
	}
	var lines strings.Builder
	for _, attribute := range b.short {
		fmt.Fprintf(&lines, "  %-*s = %s\n", width, attribute[0], attribute[1])
	}
	return strings.Join(slices.Concat([]string{lines.String()}, b.long), "\n")
}

// quoted writes a text as a literal of the configuration language: without the beginning of a template, and with what
// can't be printed spelled out.
func quoted(text string) string {
	var literal strings.Builder
	literal.WriteByte('"')
	for _, r := range strings.NewReplacer("${", "$${", "%{", "%%{").Replace(text) {
		switch {
		case r == '"' || r == '\\':
			literal.WriteString(`\` + string(r))
		case r == '\n':
			literal.WriteString(`\n`)
		case r == '\r':
			literal.WriteString(`\r`)
		case r == '\t':
			literal.WriteString(`\t`)
		case r == ' ' || tokens.IsVisible(r):
			literal.WriteRune(r)
		case r <= 0xffff:
			fmt.Fprintf(&literal, `\u%04x`, r)
		default:
			fmt.Fprintf(&literal, `\U%08x`, r)
		}
	}
	literal.WriteByte('"')
	return literal.String()
}

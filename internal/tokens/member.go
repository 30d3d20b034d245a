package tokens

import "time"

// Member is a person of the organization, identified by an e-mail address.
type Member struct {
	ID    string `json:"id"`
	Email string `json:"email"`
	// Name is the person's name for people to read; empty where none was given.
	Name string `json:"name,omitempty"`
	Grants
	CreatedAt time.Time `json:"created_at"`
	UpdatedAt time.Time `json:"updated_at"`
}

// Access returns what the member may do.
func (m Member) Access(roles Roles) Access { return roles.Access(m.Grants) }

// IsOwner tells whether the member is one of the owners, of which one always remains.
func (m Member) IsOwner() bool { return m.Role == RoleOwner }

// NewMember is what a member is made from.
type NewMember struct {
	Email string
	Name  string
	Grants
}

// Validate checks each field by itself.
func (n NewMember) Validate() error {
	return firstError(
		ValidateEmail("email", n.Email),
		validateOptionalLabel("name", n.Name),
		ValidateRole("role", n.Role),
		ValidateGroupRoles("group_roles", n.GroupRoles),
	)
}

// MemberUpdate holds the fields of a member to change. The address is fixed: another address is another person.
type MemberUpdate struct {
	Name       Change[string]
	Role       Change[string]
	GroupRoles Change[[]GroupRole]
}

// Apply returns the member with the changes made, or the error that forbids them.
func (u MemberUpdate) Apply(m Member) (Member, error) {
	u.Name.apply(&m.Name)
	u.Role.apply(&m.Role)
	u.GroupRoles.apply(&m.GroupRoles)
	return m, NewMember{m.Email, m.Name, m.Grants}.Validate()
}

func validateOptionalLabel(field, s string) error {
	if s == "" {
		return nil
	}
	return ValidateLabel(field, s)
}

package tokens

import "time"

// MemberSettings are what people set on a member. The address is not a setting: another address is another person.
type MemberSettings struct {
	// Name is the person's display name; empty if none was given.
	Name string `setting:"name"`
	Grants
}

// Validate checks each field by itself.
func (s MemberSettings) Validate() error {
	return firstError(ValidateOptionalLabel("name", s.Name), ValidateRole("role", s.Role),
		ValidateGroupRoles("group_roles", s.GroupRoles))
}

// Member is a person of the organization, identified by an e-mail address.
type Member struct {
	ID    string
	Email string
	MemberSettings
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Access returns what the member may do.
func (m Member) Access(roles Roles) Access { return roles.Access(m.Grants) }

// IsOwner reports whether the member is one of the owners, of which at least one always remains.
func (m Member) IsOwner() bool { return m.Role == RoleOwner }

// NewMember is the input for creating a member.
type NewMember struct {
	Request
	Email string
	MemberSettings
}

// Validate checks each field by itself.
func (n NewMember) Validate() error {
	return firstError(n.Request.Validate(), ValidateMemberEmail("email", n.Email), n.MemberSettings.Validate())
}

// MemberUpdate holds the settings of a member to change.
type MemberUpdate = Update[MemberSettings]

// Updated returns the member with the changes made, or the error that forbids them.
func (m Member) Updated(u MemberUpdate) (Member, error) {
	settings, err := u.Apply(m.MemberSettings)
	if err == nil {
		before := m.MemberSettings
		m.MemberSettings, err = settings, judged(before, settings).Validate()
	}
	return m, err
}

// ValidateOptionalLabel is ValidateLabel, but also accepts no text.
func ValidateOptionalLabel(field, s string) error {
	if s == "" {
		return nil
	}
	return ValidateLabel(field, s)
}

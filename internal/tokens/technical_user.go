package tokens

import "time"

// TechnicalUser is a system account, at organization level or at the level of one group. Access tokens belong to it and
// never hold more than it does.
type TechnicalUser struct {
	ID string `json:"id"`
	// Name is unique among the technical users of its level.
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	// Email is <name>@<organization>.latchkey.internal, or <name>@<group>.<organization>.latchkey.internal for one of a
	// group, with the names as they were at creation. It never changes.
	Email string `json:"email"`
	// GroupID is the group at whose level the account is; empty for organization level.
	GroupID string `json:"group_id,omitempty"`
	// Grants hold the role at the account's level in Role. Only an account at organization level has GroupRoles.
	Grants
	Enabled bool `json:"enabled"`
	// Disabled says who disabled the account and when; nil while it is enabled.
	Disabled *Stop `json:"disabled,omitempty"`
	// SystemCreated tells that the account was made for one access token and goes with it.
	SystemCreated bool      `json:"system_created"`
	CreatedAt     time.Time `json:"created_at"`
	UpdatedAt     time.Time `json:"updated_at"`
}

// IsOwner tells whether the technical user is one of the owners, of which one always remains. One that is disabled, or goes
// with its access token, does not count.
func (u TechnicalUser) IsOwner() bool {
	return u.GroupID == "" && u.Role == RoleOwner && u.Enabled && !u.SystemCreated
}

// NewTechnicalUser is what a technical user is made from.
type NewTechnicalUser struct {
	Name        string
	Description string
	GroupID     string
	Grants
	Enabled bool
}

// Validate checks each field by itself and that a technical user of a group has roles there alone.
func (n NewTechnicalUser) Validate() error {
	return firstError(
		ValidateName("name", n.Name),
		ValidateDescription("description", n.Description),
		validateLevel(n.GroupID, n.Grants),
		ValidateRole("role", n.Role),
	)
}

// TechnicalUserUpdate holds the fields of a technical user to change.
type TechnicalUserUpdate struct {
	Name        Change[string]
	Description Change[string]
	Role        Change[string]
	GroupRoles  Change[[]GroupRole]
	Enabled     Change[bool]
}

// Apply returns the technical user with the changes made by the actor at the instant, or the error that forbids them.
func (u TechnicalUserUpdate) Apply(t TechnicalUser, by Actor, now time.Time) (TechnicalUser, error) {
	_, role := u.Role.Get()
	_, groupRoles := u.GroupRoles.Get()
	if t.SystemCreated && (role || groupRoles) {
		return t, Conflict("role", t.ID, "technical user %s was made for one access token and has the roles of that token: change those of the token", t.Email)
	}
	u.Name.apply(&t.Name)
	u.Description.apply(&t.Description)
	u.Role.apply(&t.Role)
	u.GroupRoles.apply(&t.GroupRoles)
	t.Enabled, t.Disabled = applySwitch(u.Enabled, t.Enabled, t.Disabled, by, now)
	return t, NewTechnicalUser{t.Name, t.Description, t.GroupID, t.Grants, t.Enabled}.Validate()
}

// TechnicalUserEmail returns the address of a technical user. The group is empty at organization level.
func TechnicalUserEmail(name, group, organization string) string {
	if group != "" {
		organization = group + "." + organization
	}
	return name + "@" + organization + ".latchkey.internal"
}

// validateLevel checks that an account or token at a group's level names no roles in groups.
func validateLevel(groupID string, g Grants) error {
	if groupID == "" {
		return ValidateGroupRoles("group_roles", g.GroupRoles)
	}
	if err := ValidateID("group_id", KindGroup, groupID); err != nil {
		return err
	}
	if g.GroupRoles != nil {
		return Invalid("group_roles", "a technical user at the level of a group, and its tokens, have a role in that group alone: "+
			"set role, or use a technical user at organization level")
	}
	return nil
}

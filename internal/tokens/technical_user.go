package tokens

import "time"

// TechnicalUserSettings are what people set on a technical user.
type TechnicalUserSettings struct {
	// Name is unique among the technical users of its level.
	Name        string `setting:"name"`
	Description string `setting:"description"`
	// Grants holds the role at the account's level in Role. Only an account at organization level has GroupRoles.
	Grants
	// Enabled is the declared switch.
	Enabled bool `setting:"enabled"`
}

// Validate checks each field on its own, and that a technical user at the level of a group (empty for the organization)
// has roles only there.
func (s TechnicalUserSettings) Validate(groupID string) error {
	return firstError(
		ValidateName("name", s.Name),
		ValidateDescription("description", s.Description),
		validateLevel(groupID, s.Grants),
		ValidateRole("role", s.Role),
	)
}

// TechnicalUser is a system account, at organization level or at the level of one group. Access tokens belong to it and
// never hold more than it does.
type TechnicalUser struct {
	ID string
	TechnicalUserSettings
	// Email is <name>@<organization>.latchkey.internal or, in a group, <name>@<group>.<organization>.latchkey.internal,
	// with the names at the time of creation. It never changes.
	Email string
	// GroupID is the group that the account belongs to; empty for organization level.
	GroupID string
	// Disabled says who disabled the account and when; nil while it is enabled.
	Disabled *Stop
	// SystemCreated means that the account was created for one access token and is deleted with it.
	SystemCreated bool
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// IsOwner reports whether the technical user is one of the owners, of which at least one always remains. A technical
// user that is disabled, or that is deleted with its access token, does not count.
func (u TechnicalUser) IsOwner() bool {
	return u.GroupID == "" && u.Role == RoleOwner && u.Enabled && !u.SystemCreated
}

// Mentions reports whether the name, the description or the address holds a text, in any case.
func (u TechnicalUser) Mentions(text string) bool {
	return mentioned(Folded(text), u.Name, u.Description, u.Email)
}

// NewTechnicalUser is the input for creating a technical user.
type NewTechnicalUser struct {
	Request
	GroupID string
	TechnicalUserSettings
}

// Validate checks each field on its own, and that a technical user of a group has roles only there.
func (n NewTechnicalUser) Validate() error {
	return firstError(n.Request.Validate(), n.TechnicalUserSettings.Validate(n.GroupID))
}

// TechnicalUserUpdate holds the settings of a technical user to change.
type TechnicalUserUpdate = Update[TechnicalUserSettings]

// Updated returns the technical user with the changes that the actor makes at now, or the error that forbids them.
func (u TechnicalUser) Updated(update TechnicalUserUpdate, by Actor, now time.Time) (TechnicalUser, error) {
	if u.SystemCreated && (update.Fields.Has("role") || update.Fields.Has("group_roles")) {
		return u, Conflict("role", u.ID,
			"technical user %s was created for one access token and has the roles of that token: change those of the token",
			u.Email)
	}
	settings, err := update.Apply(u.TechnicalUserSettings)
	if err != nil {
		return u, err
	}
	before := u.TechnicalUserSettings
	u.TechnicalUserSettings = settings
	u.Disabled = switched(u.Enabled, u.Disabled, by, now)
	return u, judged(before, settings).Validate(u.GroupID)
}

// TechnicalUserEmail returns the address of a technical user. The group is empty at organization level.
func TechnicalUserEmail(name, group, organization string) string {
	if group != "" {
		organization = group + "." + organization
	}
	return name + "@" + organization + ".latchkey.internal"
}

// validateLevel checks that an account or token at a group's level has no group roles.
func validateLevel(groupID string, g Grants) error {
	if groupID == "" {
		return ValidateGroupRoles("group_roles", g.GroupRoles)
	}
	if err := ValidateID("group_id", KindGroup, groupID); err != nil {
		return err
	}
	if g.GroupRoles != nil {
		return Invalid("group_roles",
			"a technical user at the level of a group, and its tokens, have a role in that group alone: "+
				"set role, or use a technical user at organization level")
	}
	return nil
}

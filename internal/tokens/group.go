package tokens

import "time"

// GroupSettings are what people set on a group.
type GroupSettings struct {
	Name        string `setting:"name"`
	Description string `setting:"description"`
}

// Validate checks each field on its own.
func (s GroupSettings) Validate() error {
	return firstError(ValidateName("name", s.Name), ValidateDescription("description", s.Description))
}

// Group is a part of the organization, such as a team or a workspace.
type Group struct {
	ID string
	GroupSettings
	CreatedAt time.Time
	UpdatedAt time.Time
}

// NewGroup is the input for creating a group.
type NewGroup struct {
	Request
	GroupSettings
}

// Validate checks each field on its own.
func (n NewGroup) Validate() error {
	return firstError(n.Request.Validate(), n.GroupSettings.Validate())
}

// GroupUpdate holds the settings of a group to change.
type GroupUpdate = Update[GroupSettings]

// Updated returns the group with the changes made, or the error that forbids them.
func (g Group) Updated(u GroupUpdate) (Group, error) {
	settings, err := u.Apply(g.GroupSettings)
	if err == nil {
		before := g.GroupSettings
		g.GroupSettings, err = settings, judged(before, settings).Validate()
	}
	return g, err
}

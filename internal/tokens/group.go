package tokens

import "time"

// Group is a part of the organization, as a team or a workspace is.
type Group struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Description string    `json:"description,omitempty"`
	CreatedAt   time.Time `json:"created_at"`
	UpdatedAt   time.Time `json:"updated_at"`
}

// NewGroup is what a group is made from.
type NewGroup struct {
	Name        string
	Description string
}

// Validate checks each field by itself.
func (n NewGroup) Validate() error {
	return firstError(ValidateName("name", n.Name), ValidateDescription("description", n.Description))
}

// GroupUpdate holds the fields of a group to change.
type GroupUpdate struct {
	Name        Change[string]
	Description Change[string]
}

// Apply returns the group with the changes made, or the error that forbids them.
func (u GroupUpdate) Apply(g Group) (Group, error) {
	u.Name.apply(&g.Name)
	u.Description.apply(&g.Description)
	return g, NewGroup{g.Name, g.Description}.Validate()
}

package tokens

import "strings"

// Candidate is an object that somebody may mean who has begun to type its name.
type Candidate struct {
	ID string
	// Name is that of the object; empty for a member without one.
	Name string
	// Email is the address of a member or technical user.
	Email string
	// Description is that of a technical user, a group or a role.
	Description string
}

// Begins reports whether the name or address, in any case, or the identifier begins with a text.
func (c Candidate) Begins(text string) bool {
	folded := Folded(text)
	return strings.HasPrefix(Folded(c.Name), folded) || strings.HasPrefix(Folded(c.Email), folded) ||
		strings.HasPrefix(c.ID, text)
}

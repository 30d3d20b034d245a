package tokens

// Self is who asks for operations, as the backend sees it.
type Self struct {
	// AccessTokenID is the access token by which the caller asks; empty for one who asks by none.
	AccessTokenID string
	// AccountID is the technical user or the member who asks; empty for an owner of the database. Email is its address.
	AccountID string
	Email     string
	// Grants are the roles of the account. A technical user at a group's level has its role in that group.
	Grants Grants
	// Own are the roles to which the access token narrows them, nil where it doesn't.
	Own *Grants
	// Access is what all of these allow.
	Access Access
}

// RoleNames returns the names of all roles on which it depends what the caller may do.
func (s Self) RoleNames() []string {
	names := s.Grants.RoleNames()
	if s.Own != nil {
		names = append(names, s.Own.RoleNames()...)
	}
	return names
}

// SelfByToken returns the holder of an access token, who may do what it allows.
func SelfByToken(t AccessToken, access Access) Self {
	user, own, narrowed := t.limited()
	self := Self{AccessTokenID: t.ID, AccountID: t.User.ID, Email: t.User.Email, Grants: user, Access: access}
	if narrowed {
		self.Own = &own
	}
	return self
}

// SelfAsMember returns a member who asks by no access token.
func SelfAsMember(m Member, access Access) Self {
	return Self{AccountID: m.ID, Email: m.Email, Grants: m.Grants, Access: access}
}

package tokens

import "time"

// BootstrapName is the name of the access token that a bootstrap makes and of the technical user that it belongs to.
const BootstrapName = "bootstrap"

// Bootstrapped is the access token that a bootstrap made, and the organization in which it may do everything.
type Bootstrapped struct {
	AccessToken
	Organization string
}

// CheckBootstrap refuses a bootstrap, which makes a token that may do everything, while one of the tokens is such a token
// and active: whoever holds its value needs no other one. CodeConflict, with the token's ID.
func CheckBootstrap(list []AccessToken, roles Roles, now time.Time) error {
	for _, t := range list {
		if t.StatusAt(now) == StatusActive && t.Access(roles).Organization.Allows(PermissionAll) {
			return Conflict("", t.ID, "access token %q (%s) of %s may do everything already: use its value; if nobody has it any "+
				"more, or somebody has whom it was not meant for, stop or delete that token first", t.Name, t.ID, t.User.Email).
				Because(ReasonBootstrapped)
		}
	}
	return nil
}

// CheckBootstrapUser refuses a bootstrap where a technical user with its name exists, but is not an enabled owner any
// more: that was on purpose. CodeConflict.
func CheckBootstrapUser(u TechnicalUser) error {
	if u.IsOwner() {
		return nil
	}
	return Conflict("name", u.ID, "technical user %q (%s) exists already, and is disabled or no longer has the role %q: give it "+
		"back what it lacks, or rename or delete it", u.Name, u.ID, RoleOwner)
}

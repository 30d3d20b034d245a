package tokens

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"time"
)

// Caller is whoever asks for an operation, with what it holds at the time. Its methods are the rules of who may do
// what; each returns nil or CodeForbidden with what is missing. A rule never requires more because the caller holds
// more.
type Caller struct {
	// AccountID is the member's identifier; empty for an owner of the database.
	AccountID string
	// Name names the caller in messages.
	Name   string
	Access Access
	// Credential is the access token by which the caller asks; nil for one who asks by none.
	Credential *Credential
}

// DatabaseOwner is the caller who opened the database directly: anyone who can write its file is its owner.
func DatabaseOwner(by Actor) Caller {
	return Caller{Name: string(by), Access: Access{Organization: Permissions{PermissionAll}}}
}

// IsOwner reports whether the caller holds every permission at organization level.
func (c Caller) IsOwner() bool { return c.Access.Organization.Allows(PermissionAll) }

// Sees reports whether the caller may know of a token; share is its role by a share, or empty. A token with restricted
// visibility is for owners, the account that created it, and those it is shared with.
func (c Caller) Sees(t AccessToken, share string) bool {
	return t.Visibility != VisibilityRestricted || c.shareReaches(share, ShareViewer, t.User.GroupID) ||
		c.AccountID != "" && c.AccountID == t.CreatorID ||
		c.Access.At(t.User.GroupID).Allows(PermissionAll)
}

// ShowsTokensAt reports whether the caller may show the tokens at a level, the group's or (empty) the organization's,
// that are not restricted, and whether those that are, too. A share, or having made a token, may open more.
func (c Caller) ShowsTokensAt(groupID string) (open, restricted bool) {
	held := c.Access.At(groupID)
	open = held.Allows(ruleOf(OperationShow).at(groupID))
	return open, open && held.Allows(PermissionAll)
}

// MayUse checks an operation on a token that widens nothing; share is the caller's role by a share, or empty.
func (c Caller) MayUse(op TokenOperation, t AccessToken, share string, roles Roles) error {
	return c.mayUse(op, t, share, roles, false)
}

// mayUse is MayUse for an operation that may also widen what the token may do. A share is a grant of its own: it asks
// for none of the token's permissions beside it, unless the operation yields a secret or widens.
func (c Caller) mayUse(op TokenOperation, t AccessToken, share string, roles Roles, widens bool) error {
	if t.IsPersonal() {
		return c.mayUsePersonal(op, t, roles)
	}
	if op == OperationDelete && c.madeForRun(t) {
		return nil
	}
	rule, level := ruleOf(op), t.User.GroupID
	held := c.Access.At(level)
	stops := rule.stops && held.Allows(PermissionManageTokens)
	if !c.Sees(t, share) && !stops {
		return Forbidden(t.ID,
			"access token %s is restricted to owners, the account that made it and the members it is shared with, "+
				"and %s is not among them: ask one of them to share it", t.ID, c.Name)
	}
	needed, shared := rule.at(level), c.shareReaches(share, rule.share, level)
	if !held.Allows(needed) && !shared {
		return Forbidden(t.ID,
			"%s lacks the permission %s %s and a share of the token as %s, one of which is needed to %s access token %s: "+
				"ask someone who may manage the token to share it, or an owner for a role", c.Name, needed, levelName(level),
			rule.share, op, t.ID).lacks(needed)
	}
	if rule.alters && (!shared || rule.strict || widens) {
		return c.mustHold(t.ID, "to "+string(op)+" access token "+t.ID, reservedIn(t.Access(roles)))
	}
	return nil
}

// shareSuffices reports whether a role of a share (empty for none) includes another one.
func shareSuffices(role, needed string) bool {
	return role != "" && slices.Index(ShareRoles(), role) >= slices.Index(ShareRoles(), needed)
}

// MayUpdate checks everything that an update does to a token when it turns before into after.
func (c Caller) MayUpdate(
	before, after AccessToken, update AccessTokenUpdate, share string, roles Roles, now time.Time,
) error {
	result := after.Access(roles)
	more := result.Without(before.Access(roles))
	for _, op := range updateOperations(before, after, update, now) {
		if err := c.mayUse(op, before, share, roles, !more.isEmpty()); err != nil {
			return err
		}
	}
	if update.Regeneration == nil {
		if err := c.mayCurtail(before, after, share, roles, now); err != nil {
			return err
		}
		result = more // who learns no secret gives away what is new alone
	}
	return c.MayGrant(before.ID, result)
}

// mayCurtail checks an edit that has the effect of stopping a token, if it has that.
func (c Caller) mayCurtail(before, after AccessToken, share string, roles Roles, now time.Time) error {
	curtailing := Curtailed(before, after, now, roles)
	if len(curtailing) == 0 {
		return nil
	}
	err := c.MayUse(OperationCurtail, before, share, roles)
	refusal, ok := errors.AsType[*Error](err)
	if !ok {
		return err
	}
	refusal.Field = curtailing[0]
	refusal.Message = "to change " + curtailing.String() + " like this ends or narrows, within the hour, what works now, " +
		"as stopping the token does; " + refusal.Message
	return refusal
}

// MayCompare checks comparing a value with the secret of a token, which is for those who may set it: whoever else has a value
// verifies it.
func (c Caller) MayCompare(t AccessToken, share string, roles Roles) error {
	if err := c.MayUse(OperationBring, t, share, roles); err != nil {
		return err
	}
	return c.MayGrant(t.ID, t.Access(roles))
}

// MayCreateToken checks the creation of a token at a level, a group's or (empty) the organization's. access is what the
// token may do, because its creator learns the secret. For a setting other than the default, and for an own secret, the
// caller also needs what changing it needs; whether a new token is enabled is for its creator to say.
func (c Caller) MayCreateToken(groupID string, settings Settings, secret Secret, access Access) error {
	needed := ruleOf(OperationEdit).at(groupID)
	if err := c.mustHaveAt(groupID, "", "to create an access token "+levelName(groupID), needed); err != nil {
		return err
	}
	var ops []TokenOperation
	if secret.IsOwn() {
		ops = append(ops, OperationBring)
	}
	defaults := Settings{Visibility: VisibilityOrganization, Enabled: settings.Enabled}
	for _, setting := range Difference(defaults, settings) {
		ops = append(ops, operationFor(setting))
	}
	for _, op := range ops {
		if err := c.mustHaveAt(groupID, "", "to "+string(op)+" a new access token", ruleOf(op).at(groupID)); err != nil {
			return err
		}
	}
	return c.MayGrant("", access)
}

// MayGrant checks that the caller may grant access to the object with the ID. The caller must hold each reserved
// permission in it, and each other one too unless it manages the accounts at that level.
func (c Caller) MayGrant(id string, access Access) error {
	var own Access
	access.each(func(groupID, permission string) {
		if IsReserved(permission) || !c.Access.At(groupID).Allows(PermissionManageAccounts) {
			own.put(groupID, permission)
		}
	})
	return c.mustHold(id, "to grant that", own)
}

// MayAlter checks that the caller holds each reserved permission of the object with the ID, an account or a role.
func (c Caller) MayAlter(kind Kind, id string, access Access) error {
	return c.mustHold(id, "to change or delete "+kind.Noun()+" "+id, reservedIn(access))
}

// MayManageAccounts checks operations on technical users at a level and, at organization level, also on members, groups
// and roles.
func (c Caller) MayManageAccounts(groupID, id, purpose string) error {
	return c.mustHaveAt(groupID, id, purpose, PermissionManageAccounts)
}

// MayListMembers checks listing the members: for those who manage accounts at any level.
func (c Caller) MayListMembers() error { return c.mayListAccounts("members") }

// KnowsGroup reports whether the caller may know the name of a group, whatever is in it: whoever manages accounts there,
// whose addresses hold it. The names of groups to which a token refers come with the token.
func (c Caller) KnowsGroup(id string) bool { return c.Access.At(id).Allows(PermissionManageAccounts) }

// KnowsMember reports whether the caller may know the address of a member: whoever may list the members, and the member.
func (c Caller) KnowsMember(id string) bool {
	return c.MayListMembers() == nil || c.AccountID != "" && c.AccountID == id
}

// MayListTechnicalUsers checks listing the technical users. The caller then sees those that it manages.
func (c Caller) MayListTechnicalUsers() error { return c.mayListAccounts("technical users") }

func (c Caller) mayListAccounts(what string) error {
	if c.Access.Anywhere(PermissionManageAccounts) {
		return nil
	}
	return Forbidden("",
		"%s lacks the permission %s, at organization level or in a group, which is needed to list the %s: ask an owner for "+
			"a role",
		c.Name, PermissionManageAccounts, what).lacks(PermissionManageAccounts)
}

// MayIntrospect checks verifying values, of tokens at any level.
func (c Caller) MayIntrospect() error {
	if c.Access.Anywhere(PermissionIntrospectTokens) {
		return nil
	}
	return Forbidden("", "%s lacks the permission %s, which is needed to verify values: ask an owner for a role", c.Name,
		PermissionIntrospectTokens).lacks(PermissionIntrospectTokens)
}

// MustBeOwner checks operations that only an owner may do.
func (c Caller) MustBeOwner(purpose string) error {
	return c.mustHaveAt("", "", purpose, PermissionAll)
}

// mustHaveAt checks that a permission is held at a level.
func (c Caller) mustHaveAt(groupID, id, purpose, permission string) error {
	if c.Access.At(groupID).Allows(permission) {
		return nil
	}
	return Forbidden(id, "%s lacks the permission %s %s, which is needed %s: ask an owner for a role", c.Name, permission,
		levelName(groupID), purpose).lacks(permission)
}

// mustHold checks that the caller holds everything in access, each permission at its level.
func (c Caller) mustHold(id, purpose string, access Access) error {
	var missing, permissions []string
	access.each(func(groupID, permission string) {
		if !c.Access.At(groupID).Allows(permission) {
			missing, permissions = append(missing, permission+" "+levelName(groupID)), append(permissions, permission)
		}
	})
	if len(missing) == 0 {
		return nil
	}
	return Forbidden(id,
		"%s lacks %s, which is needed %s: nobody can pass on, or get at, more than they hold; ask someone who holds it",
		c.Name, strings.Join(missing, ", "), purpose).lacks(permissions...)
}

// reservedIn returns the reserved permissions of access.
func reservedIn(access Access) Access {
	var reserved Access
	access.each(func(groupID, permission string) {
		if IsReserved(permission) {
			reserved.put(groupID, permission)
		}
	})
	return reserved
}

// each calls fn with each permission and its level, in order.
func (a Access) each(fn func(groupID, permission string)) {
	for _, permission := range a.Organization {
		fn("", permission)
	}
	for _, groupID := range slices.Sorted(maps.Keys(a.Groups)) {
		for _, permission := range a.Groups[groupID] {
			fn(groupID, permission)
		}
	}
}

// put adds a permission at a level.
func (a *Access) put(groupID, permission string) {
	if groupID == "" {
		a.Organization = append(a.Organization, permission)
		return
	}
	a.add(groupID, Permissions{permission})
}

// levelName names a level in a message.
func levelName(groupID string) string {
	if groupID == "" {
		return "at organization level"
	}
	return "in group " + groupID
}

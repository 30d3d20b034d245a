package backendtest

import (
	"slices"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// rules is the expectation of who may do what, written from the design, not from code: a few maps, and a function for
// each operation. Levels are identifiers of groups; the empty one is the organization.
type rules struct {
	levels []string
	// roles holds the permissions of the roles that exist.
	roles   map[string][]string
	members map[string]holdings // by e-mail address
	users   map[string]*ruledUser
	tokens  map[string]*ruledToken
}

// holdings are the roles held at each level.
type holdings map[string]string

// eachHoldings calls fn with the holdings of everyone.
func (r *rules) eachHoldings(fn func(holdings)) {
	for _, h := range r.members {
		fn(h)
	}
	for _, u := range r.users {
		fn(u.roles)
	}
	for _, t := range r.tokens {
		fn(t.user.roles)
		fn(t.own)
	}
}

// replaceRole gives everyone who holds a role another one in its place.
func (r *rules) replaceRole(from, to string) {
	r.eachHoldings(func(h holdings) {
		for level, role := range h {
			if role == from {
				h[level] = to
			}
		}
	})
}

// forgetGroup drops the roles in a group.
func (r *rules) forgetGroup(id string) { r.eachHoldings(func(h holdings) { delete(h, id) }) }

// forgetMember drops what a member holds, made, and is given by shares.
func (r *rules) forgetMember(email string) {
	r.members[email] = holdings{"": tokens.RoleNone}
	for _, t := range r.tokens {
		delete(t.shares, email)
		if t.creator == email {
			t.creator = "nobody"
		}
	}
}

// ruledUser is a technical user. If its level is a group, its roles apply only there.
type ruledUser struct {
	level   string
	roles   holdings
	enabled bool
}

// ruledToken is an access token. Its own roles, if any, narrow those of its technical user.
type ruledToken struct {
	user       *ruledUser
	own        holdings
	system     bool
	restricted bool
	creator    string
	enabled    bool
	held       bool
	shares     map[string]string // by e-mail address
}

// everyPermission lists the permissions that the model's roles are made of.
var everyPermission = []string{
	"*", "tokens:*", "accounts:*", tokens.PermissionReadTokens, tokens.PermissionWriteTokens,
	tokens.PermissionManageTokens,
	tokens.PermissionIntrospectTokens, tokens.PermissionManageAccounts, "orders:*", "orders:read", "api:read", "api:write",
	"api:manage", "api:administer",
}

func reserved(permission string) bool {
	return permission == "*" || strings.HasPrefix(permission, "tokens:") || strings.HasPrefix(permission, "accounts:")
}

func covers(held, permission string) bool {
	area, wildcard := strings.CutSuffix(held, ":*")
	return held == "*" || held == permission || wildcard && strings.HasPrefix(permission, area+":")
}

// power reports whether an account or a token holds a permission at a level.
type power func(level, permission string) bool

func powerless(string, string) bool { return false }

func (r *rules) powerOf(h holdings) power {
	return func(level, permission string) bool {
		return slices.ContainsFunc([]string{"", level}, func(at string) bool {
			return slices.ContainsFunc(r.roles[h[at]], func(held string) bool { return covers(held, permission) })
		})
	}
}

// of is the power of a member or, if the address is empty, of the owner of the database.
func (r *rules) of(actor string) power {
	if actor == "" {
		return func(string, string) bool { return true }
	}
	return r.powerOf(r.members[actor])
}

func (r *rules) ofToken(t *ruledToken) power {
	user, own := r.powerOf(t.user.roles), r.powerOf(t.own)
	return func(level, permission string) bool {
		return user(level, permission) && (t.own == nil || t.system || own(level, permission))
	}
}

// all reports whether a condition holds for each permission at each level.
func (r *rules) all(condition func(level, permission string) bool) bool {
	for _, level := range r.levels {
		for _, permission := range everyPermission {
			if !condition(level, permission) {
				return false
			}
		}
	}
	return true
}

// touches reports whether an actor may edit, regenerate or delete something that has a power.
func (r *rules) touches(actor string, what power) bool {
	held := r.of(actor)
	return r.all(func(level, permission string) bool {
		return !reserved(permission) || !what(level, permission) || held(level, permission)
	})
}

// gives reports whether an actor may grant what after has and before doesn't.
func (r *rules) gives(actor string, before, after power) bool {
	held := r.of(actor)
	return r.all(func(level, permission string) bool {
		return !after(level, permission) || before(level, permission) || held(level, permission) ||
			!reserved(permission) && held(level, tokens.PermissionManageAccounts)
	})
}

func (r *rules) sees(actor string, t *ruledToken) bool {
	return !t.restricted || t.shares[actor] != "" || actor != "" && t.creator == actor || r.of(actor)(t.user.level, "*")
}

// holds reports whether an actor has a permission on a token, or at least a share with the role.
func (r *rules) holds(actor string, t *ruledToken, permission, share string) bool {
	return r.of(actor)(t.user.level, permission) || r.shared(actor, t, share)
}

func (r *rules) mayShow(actor string, t *ruledToken) bool {
	return r.sees(actor, t) && r.holds(actor, t, tokens.PermissionReadTokens, tokens.ShareViewer)
}

// shared reports whether an actor has a share of a token with at least the role. A share is a grant of its own.
func (r *rules) shared(actor string, t *ruledToken, role string) bool {
	rank := []string{"", tokens.ShareViewer, tokens.ShareEditor, tokens.ShareManager}
	return slices.Index(rank, t.shares[actor]) >= slices.Index(rank, role)
}

func (r *rules) mayEdit(actor string, t *ruledToken) bool {
	needed := tokens.PermissionWriteTokens
	if t.user.level == "" {
		needed = tokens.PermissionManageTokens
	}
	return r.shared(actor, t, tokens.ShareEditor) ||
		r.sees(actor, t) && r.of(actor)(t.user.level, needed) && r.touches(actor, r.ofToken(t))
}

// maySetRoles reports whether an actor may edit a token so that its power changes. To narrow it is to stop it, and a
// share does not suffice to widen it.
func (r *rules) maySetRoles(actor string, t *ruledToken, before, after power) bool {
	widens, narrows := !r.within(after, before), !r.within(before, after)
	return r.mayEdit(actor, t) && (!widens || r.touches(actor, before) && r.gives(actor, before, after)) &&
		(!narrows || r.mayStop(actor, t))
}

// within reports whether a limit allows everything that a power does.
func (r *rules) within(what, limit power) bool {
	return r.all(func(level, permission string) bool { return !what(level, permission) || limit(level, permission) })
}

func (r *rules) mayManage(actor string, t *ruledToken) bool {
	return r.sees(actor, t) && r.holds(actor, t, tokens.PermissionManageTokens, tokens.ShareManager)
}

func (r *rules) mayDelete(actor string, t *ruledToken) bool {
	return r.shared(actor, t, tokens.ShareManager) || r.mayManage(actor, t) && r.touches(actor, r.ofToken(t))
}

func (r *rules) mayStop(actor string, t *ruledToken) bool {
	return r.holds(actor, t, tokens.PermissionManageTokens, tokens.ShareManager)
}

func (r *rules) mayRegenerate(actor string, t *ruledToken) bool {
	return r.mayManage(actor, t) && r.touches(actor, r.ofToken(t)) && r.gives(actor, powerless, r.ofToken(t))
}

func (r *rules) mayShare(actor string, t *ruledToken, role string) bool {
	return r.mayManage(actor, t) && (role != tokens.ShareManager || r.gives(actor, powerless, r.ofToken(t)))
}

func (r *rules) mayCreate(actor string, t *ruledToken) bool {
	held, level := r.of(actor), t.user.level
	return (level == "" || held(level, tokens.PermissionWriteTokens)) &&
		(level != "" && !t.restricted || held(level, tokens.PermissionManageTokens)) &&
		r.gives(actor, powerless, r.ofToken(t))
}

func (r *rules) mayManageAccounts(actor, level string) bool {
	return r.of(actor)(level, tokens.PermissionManageAccounts)
}

// mayAlter reports whether an actor may change what an account or a custom role at a level holds.
func (r *rules) mayAlter(actor, level string, before, after power) bool {
	return r.mayManageAccounts(actor, level) && r.touches(actor, before) && r.gives(actor, before, after)
}

// ofRole is the power of an account that holds permissions at organization level.
func ofRole(permissions []string) power {
	return func(_, permission string) bool {
		return slices.ContainsFunc(permissions, func(held string) bool { return covers(held, permission) })
	}
}

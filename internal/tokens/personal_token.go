package tokens

import (
	"slices"
	"strings"
	"time"
)

// A personal token is an access token that belongs to a member in place of a technical user. It carries the member's
// roles, and the member's shares where it asks for something. It is replaced, not edited: it never gets another secret,
// other roles or another end, it is not shared, and it has no policies.

// Account returns the member as the account to which personal tokens belong.
func (m Member) Account() TechnicalUser {
	return TechnicalUser{
		ID: m.ID, Email: m.Email,
		TechnicalUserSettings: TechnicalUserSettings{Name: m.Name, Grants: m.Grants, Enabled: true},
		CreatedAt:             m.CreatedAt, UpdatedAt: m.UpdatedAt,
	}
}

// IsPersonal reports whether the token belongs to a member.
func (t AccessToken) IsPersonal() bool { return IsID(KindMember, t.User.ID) }

// MemberID returns the identifier of the member to whom a personal token belongs; empty for a token of a technical user.
func (t AccessToken) MemberID() string {
	if t.IsPersonal() {
		return t.User.ID
	}
	return ""
}

// IsPersonalToken reports whether it was by a personal token that somebody did something: its qualified identifier has the
// address of a member.
func (a Actor) IsPersonalToken() bool {
	email, _, ok := ParseQualifiedID(string(a))
	return ok && !strings.HasSuffix(email, "."+reservedDomain)
}

// personalSettings are those that a new personal token may have.
var personalSettings = Fields{"name", "description", "role", "group_roles", "activates_at", "expires_at", "ttl"}

// validatePersonal checks what a new token has that a personal one can't.
func (n NewAccessToken) validatePersonal() error {
	if n.MemberID == "" {
		return nil
	}
	if err := ValidateID("member_id", KindMember, n.MemberID); err != nil {
		return err
	}
	if n.TechnicalUserID != "" || n.GroupID != "" {
		return Invalid("member_id", "a personal token belongs to a member, not to a technical user or a group: "+
			"leave technical_user_id and group_id out, or member_id")
	}
	if n.Secret.IsOwn() {
		return Invalid("token", "the value of a personal token is generated: leave it out")
	}
	defaults := Settings{Visibility: VisibilityOrganization, Enabled: true}
	for _, setting := range Difference(defaults, n.Settings) {
		if !personalSettings.Has(setting) {
			return Invalid(setting, "a personal token has only %s: leave %s out", personalSettings, setting)
		}
	}
	return nil
}

// checkPersonalUpdate refuses an update that does more to a personal token than to enable or disable it.
func (t AccessToken) checkPersonalUpdate(after Settings, regenerates bool) error {
	if !t.IsPersonal() {
		return nil
	}
	for _, setting := range Difference(t.Settings, after) {
		if setting != "enabled" {
			return t.notAlterable(setting)
		}
	}
	if regenerates {
		return t.notAlterable("")
	}
	return nil
}

// notAlterable is the error of a change that no personal token takes.
func (t AccessToken) notAlterable(field string) error {
	refusal := Invalid(field, "access token %q (%s) is a personal token of %s, which is replaced, not edited: create another "+
		"one and delete this one", t.Name, t.ID, t.User.Email)
	refusal.ID = t.ID
	return refusal.Because(ReasonPersonalToken)
}

// CheckOfTechnicalUser refuses a personal token and an ephemeral one where only lasting tokens of technical users are
// managed. CodeInvalid.
func (t AccessToken) CheckOfTechnicalUser() error {
	if t.Ephemeral {
		return t.notForEphemeral("id", "it is gone after that run: name a lasting access token")
	}
	if !t.IsPersonal() {
		return nil
	}
	refusal := Invalid("id", "access token %q (%s) is a personal token of %s, and not one of a technical user", t.Name, t.ID,
		t.User.Email)
	refusal.ID = t.ID
	return refusal.Because(ReasonPersonalToken)
}

// CheckShareable refuses to share a personal token or an ephemeral one. CodeInvalid.
func (t AccessToken) CheckShareable() error {
	if t.Ephemeral {
		return t.notForEphemeral("access_token_id", "nobody shares it: share a lasting access token")
	}
	if !t.IsPersonal() {
		return nil
	}
	refusal := Invalid("access_token_id", "access token %q (%s) is a personal token of %s, and nobody shares one: share an "+
		"access token of a technical user", t.Name, t.ID, t.User.Email)
	refusal.ID = t.ID
	return refusal.Because(ReasonPersonalToken)
}

// Credential is the access token by which a caller asks, as far as the rules look at it.
type Credential struct {
	// Personal means that it is a personal token.
	Personal bool
	// EndsAt is when its secret ends; zero for never.
	EndsAt time.Time
	// Own is what its own roles allow by themselves, where it is a personal token that they narrow; else nil. What a member
	// has beside roles counts only within: shares, and the say over the member's own personal tokens.
	Own *Access
}

// Credential returns the secret as what a caller asks by.
func (r ResolvedSecret) Credential() *Credential {
	c := &Credential{Personal: r.row.AccessToken.IsPersonal(), Own: r.own}
	if end, ends := r.Standing().End(); ends {
		c.EndsAt = end
	}
	return c
}

// allowsBeside reports whether the caller's credential, if any, lets it make use at a level of what it has beside its
// roles, for something that takes the permission where a role is asked.
func (c Caller) allowsBeside(groupID, permission string) bool {
	return c.Credential == nil || c.Credential.Own == nil || c.Credential.Own.At(groupID).Allows(permission)
}

// shareReaches reports whether the role that a share gives the caller on a token at a level (empty for none) includes
// another one, and counts.
func (c Caller) shareReaches(share, needed, groupID string) bool {
	permission := map[string]string{
		ShareViewer: PermissionReadTokens, ShareEditor: PermissionWriteTokens, ShareManager: PermissionManageTokens,
	}[needed]
	return shareSuffices(share, needed) && c.allowsBeside(groupID, permission)
}

// personalRule says who may carry out an operation on a personal token.
type personalRule struct {
	// member means that the member to whom the token belongs may.
	member bool
	// permissions are those of which one at organization level suffices instead.
	permissions []string
	// alters means that who is not that member must also hold each reserved permission of the token.
	alters bool
}

var (
	knowing       = personalRule{member: true, permissions: []string{PermissionManageAccounts}}
	personalRules = map[TokenOperation]personalRule{
		OperationShow:   knowing,
		OperationDelete: {member: true, permissions: []string{PermissionManageAccounts}, alters: true},
		OperationDisable: {
			member: true, permissions: []string{PermissionManageAccounts, PermissionManageTokens},
		},
		OperationHold: {
			member: true, permissions: []string{PermissionManageAccounts, PermissionManageTokens},
		},
		OperationEnable: {
			member: true, permissions: []string{PermissionManageAccounts, PermissionManageTokens},
		},
		// A hold is for incidents: the one whose token is held does not end it.
		OperationRelease: {permissions: []string{PermissionManageAccounts, PermissionManageTokens}},
		// These are refused to everyone, with the reason to those who may know of the token.
		OperationEdit:       knowing,
		OperationRevive:     knowing,
		OperationRegenerate: knowing,
		OperationRetire:     knowing,
		OperationSetVisible: knowing,
		OperationShare:      knowing,
	}
)

// mayUsePersonal checks an operation on a personal token. One without a rule is for owners.
func (c Caller) mayUsePersonal(op TokenOperation, t AccessToken, roles Roles) error {
	rule, ok := personalRules[op]
	if !ok {
		rule.permissions = []string{PermissionAll}
	}
	if rule.member && c.isMember(t.MemberID(), op) {
		return nil
	}
	if !slices.ContainsFunc(rule.permissions, c.Access.At("").Allows) {
		alternative := ""
		if rule.member {
			alternative = c.narrowedAway(t.MemberID(), op)
		}
		return Forbidden(t.ID, "%s lacks the permission %s at organization level, which is needed to %s the personal token %s%s: "+
			"ask an owner for a role", c.Name, strings.Join(rule.permissions, " or "), op, t.ID, alternative).
			lacks(rule.permissions...)
	}
	if rule.alters {
		return c.mustHold(t.ID, "to "+string(op)+" personal token "+t.ID, reservedIn(t.Access(roles)))
	}
	return nil
}

// narrowedAway says, for a message, what the caller, who is the member, could do an operation by; empty for somebody else.
func (c Caller) narrowedAway(memberID string, op TokenOperation) string {
	if c.AccountID == "" || c.AccountID != memberID {
		return ""
	}
	return ", unless the own roles of the token that asks hold " + ruleOf(op).at("") + " there"
}

// ShowsPersonalTokens reports whether the caller may show the personal tokens of every member.
func (c Caller) ShowsPersonalTokens() bool {
	return slices.ContainsFunc(knowing.permissions, c.Access.At("").Allows)
}

// isMember reports whether the caller is a member and may, with what it asks by, do to its own personal tokens what an
// operation does to a token at organization level.
func (c Caller) isMember(memberID string, op TokenOperation) bool {
	return c.AccountID != "" && c.AccountID == memberID && c.allowsBeside("", ruleOf(op).at(""))
}

// MayCreatePersonalToken checks the creation of a personal token of a member: for the member and for owners, since
// whoever holds its value acts as that member. Whoever asks by a token gives away nothing that this token does not hold,
// and by a personal token nothing that outlives it or is narrowed less. access is what the new token may do, limit what it
// may do at most (see AccessToken.Limit), and endsAt when its secret ends; zero for never.
func (c Caller) MayCreatePersonalToken(
	memberID string, access, limit Access, settings Settings, endsAt time.Time,
) error {
	if !c.isMember(memberID, OperationEdit) && !c.IsOwner() {
		return Forbidden("", "%s lacks the permission %s at organization level, which is needed to create a personal token of "+
			"member %s%s: ask an owner to create it", c.Name, PermissionAll, memberID, c.narrowedAway(memberID, OperationEdit)).
			lacks(PermissionAll)
	}
	if c.Credential == nil {
		return nil
	}
	if err := c.mustHold("", "to create a personal token that may do that", access); err != nil {
		return err
	}
	if err := c.mustNarrow(limit); err != nil {
		return err
	}
	end := c.Credential.EndsAt
	if !c.Credential.Personal || end.IsZero() || !endsAt.IsZero() && !endsAt.After(end) {
		return nil
	}
	refusal := Forbidden("", "%s ends at %s, and a personal token makes none that outlives it: set expires_at or ttl so that "+
		"the new token ends until then", c.Name, FormatTimestamp(end))
	refusal.Field = "expires_at"
	if settings.TTL > 0 {
		refusal.Field = "ttl"
	}
	return refusal
}

// mustNarrow checks that a new personal token is narrowed at least as far as the one that asks, if that is. What the new one
// may do at present doesn't tell: the member may get more roles, and has shares.
func (c Caller) mustNarrow(limit Access) error {
	own := c.Credential.Own
	if own == nil || limit.Without(*own).isEmpty() {
		return nil
	}
	refusal := Forbidden("", "%s is narrowed by its own roles, and makes no personal token that is narrowed less: set role or "+
		"group_roles so that the new token has no more than these allow", c.Name)
	refusal.Field = "role"
	return refusal
}

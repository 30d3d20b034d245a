package tokens

import "time"

// An ephemeral token is an access token for one run of a program. It belongs to a technical user, ends within a day, and is
// deleted when the run is over. It is never edited: its end may move, within that day, and it may be disabled. What a run
// leaves behind ends by itself, and the next ephemeral token of the same technical user replaces it.

// MaxEphemeralLife is how long an ephemeral token lives at most, from its creation, however often its end is moved.
const MaxEphemeralLife = 24 * time.Hour

// ephemeralSettings are those that a new ephemeral token may have.
var ephemeralSettings = Fields{"name", "description", "role", "group_roles", "expires_at"}

// validateEphemeral checks what a new token has that an ephemeral one can't, and that it ends in time.
func (n NewAccessToken) validateEphemeral(now time.Time) error {
	switch {
	case !n.Ephemeral:
		return nil
	case n.MemberID != "":
		return Invalid("member_id", "an ephemeral token belongs to a technical user: leave member_id out, or ephemeral")
	case n.TechnicalUserID == "":
		return Invalid("technical_user_id",
			"an ephemeral token belongs to an existing technical user: set technical_user_id")
	case n.Secret.IsOwn():
		return Invalid("token", "the value of an ephemeral token is generated: leave it out")
	}
	defaults := Settings{Visibility: VisibilityOrganization, Enabled: true}
	for _, setting := range Difference(defaults, n.Settings) {
		if !ephemeralSettings.Has(setting) {
			return Invalid(setting, "an ephemeral token has only %s: leave %s out", ephemeralSettings, setting)
		}
	}
	return validateEphemeralEnd(n.ExpiresAt, now)
}

// validateEphemeralEnd checks that an ephemeral token that was made at some time ends, and not too late.
func validateEphemeralEnd(expiresAt, madeAt time.Time) error {
	switch latest := madeAt.Add(MaxEphemeralLife); {
	case expiresAt.IsZero():
		return Invalid("expires_at", "an ephemeral token ends within 24 hours of its creation: set expires_at")
	case expiresAt.After(latest):
		return Invalid("expires_at", "%s is too late: an ephemeral token ends within 24 hours of its creation, so set %s or earlier",
			FormatTimestamp(expiresAt), FormatTimestamp(latest))
	}
	return nil
}

// checkEphemeralUpdate refuses an update that does more to an ephemeral token than to enable or disable it or to move its
// end.
func (t AccessToken) checkEphemeralUpdate(after Settings, regenerates bool) error {
	if !t.Ephemeral {
		return nil
	}
	if regenerates {
		return t.notForEphemeral("", "it never gets another secret: create another one and delete this one")
	}
	for _, setting := range Difference(t.Settings, after) {
		switch setting {
		case "enabled":
		case "expires_at":
			if err := validateEphemeralEnd(after.ExpiresAt, t.CreatedAt); err != nil {
				return err
			}
		default:
			return t.notForEphemeral(setting, "only enabled and expires_at change: create another one and delete this one")
		}
	}
	return nil
}

// notForEphemeral is the error of what no ephemeral token takes.
func (t AccessToken) notForEphemeral(field, why string) error {
	refusal := Invalid(field, "access token %q (%s) is ephemeral, made for one run, and %s", t.Name, t.ID, why)
	refusal.ID = t.ID
	return refusal.Because(ReasonEphemeralToken)
}

// IsLeftOver reports whether the token is an ephemeral one that has expired, which its run did not delete.
func (t AccessToken) IsLeftOver(now time.Time) bool { return t.Ephemeral && t.hasExpired(now) }

// madeForRun reports whether the caller made an ephemeral token, and so may delete it: who mints one must be able to take it
// back. A caller who asks by a narrowed personal token, or by any token of a technical user, which has siblings, needs what
// creating one needs there.
func (c Caller) madeForRun(t AccessToken) bool {
	level := t.User.GroupID
	needed := ruleOf(OperationEdit).at(level)
	if c.Credential != nil && !c.Credential.Personal && !c.Access.At(level).Allows(needed) {
		return false
	}
	return t.Ephemeral && c.AccountID != "" && c.AccountID == t.CreatorID && c.allowsBeside(level, needed)
}

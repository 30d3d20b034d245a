package tokens

import (
	"strings"
	"time"
	"unicode/utf8"
)

// Event is an entry in the audit log: something that was changed, or that was refused, looks included. No event contains a secret.
type Event struct {
	ID     string
	At     time.Time
	Actor  Actor
	Action Action
	// ClaimedRun is the run of a pipeline in which the actor claimed to work; empty for none. Nothing proves it.
	ClaimedRun string
	// ObjectID is the object concerned; empty if a creation was refused.
	ObjectID string
	// ObjectName is the name of that object at the time.
	ObjectName string
	Outcome    Outcome
	// Detail says what changed, why, or why it was refused.
	Detail string
	// Details hold for programs what Detail says for people. Events that were written before there were any have none.
	Details EventDetails
}

// longestDetail is the length of the longest detail of an event, in characters.
const longestDetail = 4096

// EventDetail returns a text as the detail of an event. What lacks many permissions in many groups has a long refusal.
func EventDetail(text string) string {
	if utf8.RuneCountInString(text) <= longestDetail {
		return text
	}
	return string([]rune(text)[:longestDetail-1]) + "…"
}

// Action is what an event is about: <kind of object>.<verb>.
type Action string

// Reads reports whether the action only looks. Of these only refusals are in the audit log: one for each actor, action
// and minute.
func (a Action) Reads() bool {
	_, verb, _ := strings.Cut(string(a), ".")
	return verb == "show" || verb == "list" || verb == "verify"
}

// FoldedWithin is how long the refusals of one actor to look count as one event: a minute of the clock.
const FoldedWithin = time.Minute

// The actions of events.
const (
	ActionDatabaseShow          Action = "database.show"
	ActionDatabaseCreate        Action = "database.create"
	ActionDatabaseBackup        Action = "database.backup"
	ActionDatabaseRestore       Action = "database.restore"
	ActionDatabaseBootstrap     Action = "database.bootstrap"
	ActionDatabaseMigrate       Action = "database.migrate"
	ActionDatabaseSeal          Action = "database.seal"
	ActionDatabaseUnseal        Action = "database.unseal"
	ActionEventList             Action = "event.list"
	ActionEventPrune            Action = "event.prune"
	ActionEventVerify           Action = "event.verify"
	ActionGroupShow             Action = "group.show"
	ActionGroupList             Action = "group.list"
	ActionGroupCreate           Action = "group.create"
	ActionGroupUpdate           Action = "group.update"
	ActionGroupDelete           Action = "group.delete"
	ActionRoleShow              Action = "role.show"
	ActionRoleList              Action = "role.list"
	ActionRoleCreate            Action = "role.create"
	ActionRoleUpdate            Action = "role.update"
	ActionRoleDelete            Action = "role.delete"
	ActionMemberShow            Action = "member.show"
	ActionMemberList            Action = "member.list"
	ActionMemberCreate          Action = "member.create"
	ActionMemberUpdate          Action = "member.update"
	ActionMemberDelete          Action = "member.delete"
	ActionTechnicalUserShow     Action = "technical_user.show"
	ActionTechnicalUserList     Action = "technical_user.list"
	ActionTechnicalUserCreate   Action = "technical_user.create"
	ActionTechnicalUserUpdate   Action = "technical_user.update"
	ActionTechnicalUserDisable  Action = "technical_user.disable"
	ActionTechnicalUserEnable   Action = "technical_user.enable"
	ActionTechnicalUserDelete   Action = "technical_user.delete"
	ActionAccessTokenShow       Action = "access_token.show"
	ActionAccessTokenList       Action = "access_token.list"
	ActionAccessTokenVerify     Action = "access_token.verify"
	ActionAccessTokenCreate     Action = "access_token.create"
	ActionAccessTokenUpdate     Action = "access_token.update"
	ActionAccessTokenRegenerate Action = "access_token.regenerate"
	// ActionAccessTokenRetirePrevious: the previous secret ended after its grace period, or sooner.
	ActionAccessTokenRetirePrevious Action = "access_token.retire_previous"
	ActionAccessTokenDisable        Action = "access_token.disable"
	ActionAccessTokenEnable         Action = "access_token.enable"
	ActionAccessTokenHold           Action = "access_token.hold"
	ActionAccessTokenRelease        Action = "access_token.release"
	ActionAccessTokenRevoke         Action = "access_token.revoke"
	ActionAccessTokenDelete         Action = "access_token.delete"
	ActionTokenShareShow            Action = "token_share.show"
	ActionTokenShareList            Action = "token_share.list"
	ActionTokenShareCreate          Action = "token_share.create"
	ActionTokenShareUpdate          Action = "token_share.update"
	ActionTokenShareDelete          Action = "token_share.delete"
)

// Actions returns all actions.
func Actions() []Action {
	return []Action{
		ActionDatabaseShow,
		ActionDatabaseCreate,
		ActionDatabaseBackup,
		ActionDatabaseRestore,
		ActionDatabaseBootstrap,
		ActionDatabaseMigrate,
		ActionDatabaseSeal,
		ActionDatabaseUnseal,
		ActionEventList,
		ActionEventPrune,
		ActionEventVerify,
		ActionGroupShow,
		ActionGroupList,
		ActionGroupCreate,
		ActionGroupUpdate,
		ActionGroupDelete,
		ActionRoleShow,
		ActionRoleList,
		ActionRoleCreate,
		ActionRoleUpdate,
		ActionRoleDelete,
		ActionMemberShow,
		ActionMemberList,
		ActionMemberCreate,
		ActionMemberUpdate,
		ActionMemberDelete,
		ActionTechnicalUserShow,
		ActionTechnicalUserList,
		ActionTechnicalUserCreate,
		ActionTechnicalUserUpdate,
		ActionTechnicalUserDisable,
		ActionTechnicalUserEnable,
		ActionTechnicalUserDelete,
		ActionAccessTokenShow,
		ActionAccessTokenList,
		ActionAccessTokenVerify,
		ActionAccessTokenCreate,
		ActionAccessTokenUpdate,
		ActionAccessTokenRegenerate,
		ActionAccessTokenRetirePrevious,
		ActionAccessTokenDisable,
		ActionAccessTokenEnable,
		ActionAccessTokenHold,
		ActionAccessTokenRelease,
		ActionAccessTokenRevoke,
		ActionAccessTokenDelete,
		ActionTokenShareShow,
		ActionTokenShareList,
		ActionTokenShareCreate,
		ActionTokenShareUpdate,
		ActionTokenShareDelete,
	}
}

// Outcome is how an action ended.
type Outcome string

// The outcomes of an action.
const (
	OutcomeDone    Outcome = "done"
	OutcomeRefused Outcome = "refused"
)

// Outcomes returns all outcomes.
func Outcomes() []Outcome { return []Outcome{OutcomeDone, OutcomeRefused} }

// ValidatePrune checks the time before which events are deleted.
func ValidatePrune(field string, before, now time.Time) error {
	if before.IsZero() {
		return Invalid(field, "it is missing: name the time before which events are deleted")
	}
	if before.After(now) {
		return Invalid(field, "%s has not passed yet: name an earlier time, before which nobody needs the events any more",
			FormatTimestamp(before))
	}
	return nil
}

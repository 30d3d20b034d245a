package tokens

import (
	"context"
	"time"
)

// Database identifies the database that a Backend works on.
type Database struct {
	// ID is random and created with the database. Another file at the same path has a different one.
	ID string
	// Organization is the name given when the database was created.
	Organization string
	// Location is the absolute path, for messages. It never contains a password.
	Location string
}

// Backend carries out the lifecycle of access tokens. Its methods may be called from several goroutines at once.
//
// Every operation is one transaction: permission, rule, change and audit event commit together or not at all; a refusal
// commits its event alone, of a look, too. Where that can't be written the error says so. LookingFor names the operation
// that a look serves. Every method returns an *Error: CodeUnavailable if the backend can't answer or does not
// exist, and CodeForbidden if the caller may not do it; see Caller for the rules. The comments list the other codes.
// Only the methods whose names begin with Create create a missing database, and only if their input refers to no other
// object.
//
// It is composed of small interfaces, so that callers can ask for those they use. Whoever opened a backend closes it.
type Backend interface {
	// Database returns the database that the backend works on.
	Database(ctx context.Context) (Database, error)

	MarkService
	CallerService
	NameService
	GroupService
	RoleService
	MemberService
	TechnicalUserService
	AccessTokenService
	SecretService
	TokenShareService
	EventService
}

// MarkService tells the past of the database.
type MarkService interface {
	// Marks returns the marks of the database from a serial on (zero for the first), at most limit of them; zero for
	// MostMarks. Whoever may ask at all may ask for them. CodeInvalid.
	Marks(ctx context.Context, first int64, limit int) (MarkRange, error)
}

// CallerService tells who asks.
type CallerService interface {
	// Whoami returns whoever asks, with what it may do now.
	Whoami(ctx context.Context) (Self, error)
}

// NameService tells the names of objects to which others refer, and completes those that people type.
type NameService interface {
	// Names returns the names of the groups and the e-mail addresses of the members with these identifiers, as far as the
	// caller may know them; see Caller.KnowsGroup and Caller.KnowsMember. No caller is refused for asking about others: they
	// are absent, as are those that don't exist.
	Names(ctx context.Context, ids []string) (map[string]string, error)
	// Candidates returns at most limit technical users, members, groups or custom roles for which Candidate.Begins, by
	// name, of those that the caller may list. Nobody is refused: whoever may list none of the kind gets none.
	Candidates(ctx context.Context, kind Kind, begun string, limit int) ([]Candidate, error)
}

// GroupService manages groups.
type GroupService interface {
	// CreateGroup creates a group. CodeInvalid; CodeConflict for a name that is taken, with the holder's ID.
	CreateGroup(ctx context.Context, group NewGroup) (Group, error)
	// Group returns a group. CodeNotFound.
	Group(ctx context.Context, id string) (Group, error)
	// Groups returns all groups by name.
	Groups(ctx context.Context) ([]Group, error)
	// UpdateGroup changes a group. CodeNotFound, CodeInvalid, CodeConflict as CreateGroup.
	UpdateGroup(ctx context.Context, id string, update GroupUpdate) (Group, error)
	// DeleteGroup deletes a group and the roles held in it. CodeNotFound; CodeConflict while technical users are in it.
	DeleteGroup(ctx context.Context, id string) error
}

// RoleService manages roles.
type RoleService interface {
	// CreateRole creates a custom role. CodeInvalid, also for the name of a built-in role; CodeConflict for a name that is
	// taken, with the holder's ID.
	CreateRole(ctx context.Context, role NewRole) (Role, error)
	// Role returns a custom role. CodeNotFound.
	Role(ctx context.Context, id string) (Role, error)
	// Roles returns all roles: the built-in ones by power, then the custom ones by name.
	Roles(ctx context.Context) ([]Role, error)
	// RoleHolders counts what holds a custom role. CodeNotFound.
	RoleHolders(ctx context.Context, id string) (RoleHolders, error)
	// UpdateRole changes a custom role; whoever holds it keeps it under its new name. CodeNotFound, CodeInvalid,
	// CodeConflict as CreateRole.
	UpdateRole(ctx context.Context, id string, update RoleUpdate) (Role, error)
	// DeleteRole deletes a custom role. Whoever held it has RoleNone in its place, also when another role gets the name.
	// CodeNotFound.
	DeleteRole(ctx context.Context, id string) error
}

// MemberService manages members.
type MemberService interface {
	// CreateMember creates a member. CodeInvalid, also for a role or group that does not exist; CodeConflict for an
	// address that is taken, regardless of case, with the holder's ID.
	CreateMember(ctx context.Context, member NewMember) (Member, error)
	// Member returns a member. CodeNotFound.
	Member(ctx context.Context, id string) (Member, error)
	// Members returns all members by address.
	Members(ctx context.Context) ([]Member, error)
	// UpdateMember changes a member. CodeNotFound, CodeInvalid; CodeConflict if no owner would remain.
	UpdateMember(ctx context.Context, id string, update MemberUpdate) (Member, error)
	// DeleteMember deletes a member with the member's shares and personal tokens. CodeNotFound; CodeConflict for the last owner.
	DeleteMember(ctx context.Context, id string) error
}

// TechnicalUserService manages technical users.
type TechnicalUserService interface {
	// CreateTechnicalUser creates a technical user. CodeInvalid, also for a group that does not exist; CodeConflict for a
	// name that is taken at its level or an address that is taken, with the holder's ID.
	CreateTechnicalUser(ctx context.Context, user NewTechnicalUser) (TechnicalUser, error)
	// TechnicalUser returns a technical user. CodeNotFound.
	TechnicalUser(ctx context.Context, id string) (TechnicalUser, error)
	// TechnicalUserWithEmail returns the technical user with an address, regardless of case. CodeNotFound, but only for an
	// owner: to others it is CodeForbidden whether there is none or one that they don't manage.
	TechnicalUserWithEmail(ctx context.Context, email string) (TechnicalUser, error)
	// TechnicalUsers returns the technical users that the caller may manage, by address.
	TechnicalUsers(ctx context.Context) ([]TechnicalUser, error)
	// UpdateTechnicalUser changes a technical user. CodeNotFound, CodeInvalid, CodeConflict as CreateTechnicalUser, for
	// changing the roles of one that the system created, and if no owner would remain.
	UpdateTechnicalUser(ctx context.Context, id string, update TechnicalUserUpdate) (TechnicalUser, error)
	// DeleteTechnicalUser deletes a technical user, and its ephemeral tokens that have expired. CodeNotFound; CodeConflict
	// while it has other access tokens, and for the last owner.
	DeleteTechnicalUser(ctx context.Context, id string) error
}

// AccessTokenService manages access tokens.
type AccessTokenService interface {
	// CreateAccessToken creates an access token with the caller's secret. If the same actor sends the same request again
	// within 7 days, it returns the token that was created. CodeInvalid, also for a technical user, member or group that does not
	// exist, and for a technical user that the system created for another token; CodeConflict for a secret that was used
	// before (with its token as the holder, where it is the current secret of one to which the caller may bring one), for a
	// request id that was used for something else, and for one whose token has been deleted since. An ephemeral one replaces
	// those of its technical user that have expired, in the same transaction.
	CreateAccessToken(ctx context.Context, token NewAccessToken) (CreatedAccessToken, error)
	// AccessToken returns an access token. CodeNotFound.
	AccessToken(ctx context.Context, id string) (AccessToken, error)
	// AccessTokens returns the tokens that the query selects and the caller may show, in the query's order. CodeInvalid.
	AccessTokens(ctx context.Context, query TokenQuery) (TokenPage, error)
	// UpdateAccessToken changes an access token and, if asked to, regenerates its secret. Sending the same regeneration
	// again changes nothing. A personal token can only be enabled and disabled, an ephemeral one also get another end.
	// CodeNotFound, CodeInvalid; CodeConflict if the secret version is not the expected one, and as CreateAccessToken.
	UpdateAccessToken(ctx context.Context, id string, update AccessTokenUpdate) (AccessToken, error)
	// RetirePreviousSecret ends the previous secret within its grace period. CodeNotFound; CodeConflict if there is none, and
	// if the version of the current secret is not the expected one; zero expects none.
	RetirePreviousSecret(ctx context.Context, id string, expectedVersion int64) (AccessToken, error)
	// HoldAccessToken stops a token until it is released. People will read the reason. Holding a held token is
	// CodeConflict. CodeNotFound, CodeInvalid. A caller who may stop the token but not show it learns only that it is
	// stopped. The same goes for an update that disables.
	HoldAccessToken(ctx context.Context, id, reason string) (AccessToken, error)
	// ReleaseAccessToken ends a hold. Releasing a token that is not held is CodeConflict. CodeNotFound.
	ReleaseAccessToken(ctx context.Context, id string) (AccessToken, error)
	// DeleteAccessToken deletes a token for good, with its shares and the technical user that the system created for it.
	// CodeNotFound.
	DeleteAccessToken(ctx context.Context, id string) error
}

// SecretService answers questions about values of access tokens.
type SecretService interface {
	// VerifySecret reports whether a value is active now. A value that is not active is an answer, not an error. So is a
	// value of a token at a level at which the caller may not introspect (RFC 7662, section 2.2).
	VerifySecret(ctx context.Context, secret Secret, options VerifyOptions) (Verification, error)
	// HasSecret reports whether a value is the current secret of an access token and was not ended before its time. It needs
	// what setting the secret needs. CodeNotFound.
	HasSecret(ctx context.Context, tokenID string, secret Secret) (bool, error)
	// RevokeSecret ends the secret for good, together with the token's other one, if any. The token has no secret until it
	// is regenerated. Whoever has a value may end it, also one that is not active: a principal who holds this very value
	// needs nothing else. CodeNotFound for a value that is not a live secret, which leaves no event (RFC 7009).
	RevokeSecret(ctx context.Context, secret Secret) (AccessToken, error)
}

// TokenShareService manages token shares.
type TokenShareService interface {
	// ShareAccessToken gives a member a role on a token. CodeInvalid, also for a token or member that does not exist, and for
	// a personal token; CodeConflict if a share of the two exists.
	ShareAccessToken(ctx context.Context, share NewTokenShare) (TokenShare, error)
	// TokenShare returns the share of a token with a member. CodeNotFound.
	TokenShare(ctx context.Context, tokenID, memberID string) (TokenShare, error)
	// TokenShares returns the shares that the query selects: those of tokens that the caller may show, and the caller's
	// own.
	TokenShares(ctx context.Context, query TokenShareQuery) ([]TokenShare, error)
	// UpdateTokenShare changes the role of a share. CodeNotFound, CodeInvalid.
	UpdateTokenShare(ctx context.Context, tokenID, memberID, role string) (TokenShare, error)
	// UnshareAccessToken ends a share. CodeNotFound.
	UnshareAccessToken(ctx context.Context, tokenID, memberID string) error
}

// EventService reads, prunes and verifies the audit log.
type EventService interface {
	// Events returns the events that the query selects, oldest first. An owner gets all of them. Others get those of the
	// tokens that they may show, of the technical users that they manage and, if they manage accounts at organization
	// level, of members, groups and roles. CodeInvalid.
	Events(ctx context.Context, query EventQuery) ([]Event, error)
	// EventsAfter is Events for those that were written after a position, together with the position behind them and, where
	// the query has a limit, with the cursor of those that it leaves out. Whoever asks again from the position misses no
	// event and gets none twice, whichever process wrote it. From the zero position on it is Events. CodeInvalid.
	EventsAfter(ctx context.Context, query EventQuery, after EventPosition) (EventPage, error)
	// PruneEvents deletes the events before the first one that is not from before a time, and returns how many there were.
	// CodeInvalid for a time that has not passed.
	PruneEvents(ctx context.Context, before time.Time) (int64, error)
	// VerifyHistory follows the chain of all events, and compares it with a head that somebody kept elsewhere; zero for none.
	// A broken link is a result, not an error. CodeForbidden unless the caller is an owner; CodeInvalid for a head of
	// what was pruned.
	VerifyHistory(ctx context.Context, known Head) (History, error)
}

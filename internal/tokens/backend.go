package tokens

import (
	"context"
	"time"
)

// Database identifies what a Backend works on.
type Database struct {
	// ID is random and made with the database: another file at the same place has another one.
	ID string `json:"id"`
	// Organization is the name given when the database was made.
	Organization string `json:"organization"`
	// Location is where it is, for people to read: an absolute path. It never holds a password.
	Location string `json:"location"`
}

// Backend carries out the lifecycle of access tokens. Its methods may be called from several goroutines at once.
//
// Every operation is one transaction: permission, rule, change and audit event commit together or not at all; a refusal
// commits its event alone. Every method returns an *Error: CodeUnavailable where the backend can't answer or does not
// exist (only the methods whose names begin with Create make a database that is missing, and only where their input
// refers to no other object), and CodeForbidden where the caller may not do it; see Caller for the rules. The comments
// list the codes apart from those two.
//
// It is composed of small interfaces: a caller asks for those that it uses. Whoever opened a backend closes it.
type Backend interface {
	// Database returns what the backend works on.
	Database(ctx context.Context) (Database, error)

	GroupService
	RoleService
	MemberService
	TechnicalUserService
	AccessTokenService
	SecretService
	TokenShareService
	EventService
}

// GroupService manages groups.
type GroupService interface {
	// CreateGroup makes a group. CodeInvalid; CodeConflict for a name that is taken, with the holder's ID.
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
	// CreateRole makes a custom role. CodeInvalid, also for the name of a built-in role; CodeConflict for a name that is
	// taken, with the holder's ID.
	CreateRole(ctx context.Context, role NewRole) (Role, error)
	// Role returns a custom role. CodeNotFound.
	Role(ctx context.Context, id string) (Role, error)
	// Roles returns all roles: the built-in ones by power, then the custom ones by name.
	Roles(ctx context.Context) ([]Role, error)
	// UpdateRole changes a custom role; a new name is carried to everyone who has it. CodeNotFound, CodeInvalid,
	// CodeConflict as CreateRole.
	UpdateRole(ctx context.Context, id string, update RoleUpdate) (Role, error)
	// DeleteRole deletes a custom role. Those who have it keep its name, which grants nothing. CodeNotFound.
	DeleteRole(ctx context.Context, id string) error
}

// MemberService manages members.
type MemberService interface {
	// CreateMember makes a member. CodeInvalid, also for a role or group that does not exist; CodeConflict for an address that is taken, in any case of letters, with
	// the holder's ID.
	CreateMember(ctx context.Context, member NewMember) (Member, error)
	// Member returns a member. CodeNotFound.
	Member(ctx context.Context, id string) (Member, error)
	// Members returns all members by address.
	Members(ctx context.Context) ([]Member, error)
	// UpdateMember changes a member. CodeNotFound, CodeInvalid; CodeConflict where no owner would remain.
	UpdateMember(ctx context.Context, id string, update MemberUpdate) (Member, error)
	// DeleteMember deletes a member and the shares with it. CodeNotFound; CodeConflict for the last owner.
	DeleteMember(ctx context.Context, id string) error
}

// TechnicalUserService manages technical users.
type TechnicalUserService interface {
	// CreateTechnicalUser makes a technical user. CodeInvalid, also for a group that does not exist; CodeConflict for a
	// name that is taken at its level or an address that another one has, with the holder's ID.
	CreateTechnicalUser(ctx context.Context, user NewTechnicalUser) (TechnicalUser, error)
	// TechnicalUser returns a technical user. CodeNotFound.
	TechnicalUser(ctx context.Context, id string) (TechnicalUser, error)
	// TechnicalUsers returns the technical users that the caller may manage, by address.
	TechnicalUsers(ctx context.Context) ([]TechnicalUser, error)
	// UpdateTechnicalUser changes a technical user. CodeNotFound, CodeInvalid, CodeConflict as CreateTechnicalUser, and
	// for a change of the roles of one that the system created, and where no owner would remain.
	UpdateTechnicalUser(ctx context.Context, id string, update TechnicalUserUpdate) (TechnicalUser, error)
	// DeleteTechnicalUser deletes a technical user. CodeNotFound; CodeConflict while access tokens live under it, and for
	// the last owner.
	DeleteTechnicalUser(ctx context.Context, id string) error
}

// AccessTokenService manages access tokens.
type AccessTokenService interface {
	// CreateAccessToken makes an access token with the caller's secret. The same request of the same actor, sent again
	// within 7 days, returns the token that it made. CodeInvalid, also for a technical user or group that does not exist,
	// and for a technical user that the system created for another token; CodeConflict for a secret that was used before,
	// for a request id that was used for something else, and for one whose token has been deleted since.
	CreateAccessToken(ctx context.Context, token NewAccessToken) (CreatedAccessToken, error)
	// AccessToken returns an access token. CodeNotFound.
	AccessToken(ctx context.Context, id string) (AccessToken, error)
	// AccessTokens returns those of the tokens that the query selects, in its order, which the caller may show. CodeInvalid.
	AccessTokens(ctx context.Context, query TokenQuery) (TokenPage, error)
	// UpdateAccessToken changes an access token and regenerates its secret where asked to. The same regeneration sent
	// again changes nothing. CodeNotFound, CodeInvalid; CodeConflict for another secret version than the expected one and
	// as CreateAccessToken.
	UpdateAccessToken(ctx context.Context, id string, update AccessTokenUpdate) (AccessToken, error)
	// RetirePreviousSecret ends the secret before the current one, which is still in its grace. CodeNotFound; CodeConflict
	// where there is none.
	RetirePreviousSecret(ctx context.Context, id string) (AccessToken, error)
	// HoldAccessToken stops a token until it is released, for a reason that people will read. Holding a held token is
	// CodeConflict. CodeNotFound, CodeInvalid. A caller who may stop the token but not show it learns no more of it than
	// that it is stopped; so it is with an update that disables.
	HoldAccessToken(ctx context.Context, id, reason string) (AccessToken, error)
	// ReleaseAccessToken ends a hold. Releasing a token that is not held is CodeConflict. CodeNotFound.
	ReleaseAccessToken(ctx context.Context, id string) (AccessToken, error)
	// DeleteAccessToken deletes a token for good, with its shares and the technical user that the system created for it.
	// CodeNotFound.
	DeleteAccessToken(ctx context.Context, id string) error
}

// SecretService answers for values of access tokens.
type SecretService interface {
	// VerifySecret tells whether a value is good now. A value that is not is an answer, not an error; so is one of a token
	// at a level at which the caller may not introspect (RFC 7662, section 2.2).
	VerifySecret(ctx context.Context, secret Secret, options VerifyOptions) (Verification, error)
	// RevokeSecret ends the secret for good, and with it the other one that the token may have; the token is without one
	// until it is regenerated. CodeNotFound for a value that is no live secret.
	RevokeSecret(ctx context.Context, secret Secret) (AccessToken, error)
}

// TokenShareService manages token shares.
type TokenShareService interface {
	// ShareAccessToken gives a member a role on a token. CodeInvalid, also for a token or member that does not exist;
	// CodeConflict where a share of the two exists.
	ShareAccessToken(ctx context.Context, share NewTokenShare) (TokenShare, error)
	// TokenShare returns the share of a token with a member. CodeNotFound.
	TokenShare(ctx context.Context, tokenID, memberID string) (TokenShare, error)
	// TokenShares returns the shares that the query selects, of the tokens that the caller may show, and the caller's own.
	TokenShares(ctx context.Context, query TokenShareQuery) ([]TokenShare, error)
	// UpdateTokenShare changes the role of a share. CodeNotFound, CodeInvalid.
	UpdateTokenShare(ctx context.Context, tokenID, memberID, role string) (TokenShare, error)
	// UnshareAccessToken ends a share. CodeNotFound.
	UnshareAccessToken(ctx context.Context, tokenID, memberID string) error
}

// EventService reads and prunes the audit log.
type EventService interface {
	// Events returns the events that the query selects, the oldest first: for an owner all of them; for others those of
	// the tokens that they may show, of the technical users that they manage and, where they manage accounts at
	// organization level, of members, groups and roles.
	Events(ctx context.Context, query EventQuery) ([]Event, error)
	// PruneEvents deletes the events before an instant and returns how many there were. CodeInvalid for an instant that
	// has not passed.
	PruneEvents(ctx context.Context, before time.Time) (int64, error)
}

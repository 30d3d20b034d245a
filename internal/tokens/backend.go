package tokens

import "context"

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
// Every operation is one transaction: rule, change and audit event commit together or not at all; a refusal commits its
// event alone. Every method returns an *Error, and CodeUnavailable where the backend can't answer or does not exist
// (only the methods whose names begin with Create make a database that is missing, and only where their input refers to
// no other object); the comments list the codes apart from that one.
type Backend interface {
	// Database returns what the backend works on.
	Database(ctx context.Context) (Database, error)

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

	// CreateMember makes a member. CodeInvalid; CodeConflict for an address that is taken, in any case of letters, with
	// the holder's ID.
	CreateMember(ctx context.Context, member NewMember) (Member, error)
	// Member returns a member. CodeNotFound.
	Member(ctx context.Context, id string) (Member, error)
	// Members returns all members by address.
	Members(ctx context.Context) ([]Member, error)
	// UpdateMember changes a member. CodeNotFound, CodeInvalid.
	UpdateMember(ctx context.Context, id string, update MemberUpdate) (Member, error)
	// DeleteMember deletes a member and the shares with it. CodeNotFound.
	DeleteMember(ctx context.Context, id string) error

	// CreateTechnicalUser makes a technical user. CodeInvalid, also for a group that does not exist; CodeConflict for a
	// name that is taken at its level or an address that another one has, with the holder's ID.
	CreateTechnicalUser(ctx context.Context, user NewTechnicalUser) (TechnicalUser, error)
	// TechnicalUser returns a technical user. CodeNotFound.
	TechnicalUser(ctx context.Context, id string) (TechnicalUser, error)
	// TechnicalUsers returns all technical users by address.
	TechnicalUsers(ctx context.Context) ([]TechnicalUser, error)
	// UpdateTechnicalUser changes a technical user. CodeNotFound, CodeInvalid, CodeConflict as CreateTechnicalUser, and
	// for a change of the roles of one that the system created.
	UpdateTechnicalUser(ctx context.Context, id string, update TechnicalUserUpdate) (TechnicalUser, error)
	// DeleteTechnicalUser deletes a technical user. CodeNotFound; CodeConflict while access tokens live under it.
	DeleteTechnicalUser(ctx context.Context, id string) error

	// CreateAccessToken makes an access token with the caller's secret. The same request of the same actor, sent again
	// within 7 days, returns the token that it made. CodeInvalid, also for a technical user or group that does not exist,
	// and for a technical user that the system created for another token; CodeConflict for a secret that was used before,
	// for a request id that was used for something else, and for one whose token has been deleted since.
	CreateAccessToken(ctx context.Context, token NewAccessToken) (CreatedAccessToken, error)
	// AccessToken returns an access token. CodeNotFound.
	AccessToken(ctx context.Context, id string) (AccessToken, error)
	// AccessTokens returns the tokens that the query selects, in its order. CodeInvalid.
	AccessTokens(ctx context.Context, query TokenQuery) ([]AccessToken, error)
	// UpdateAccessToken changes an access token and regenerates its secret where asked to. The same regeneration sent
	// again changes nothing. CodeNotFound, CodeInvalid; CodeConflict for another secret version than the expected one and
	// as CreateAccessToken.
	UpdateAccessToken(ctx context.Context, id string, update AccessTokenUpdate) (AccessToken, error)
	// HoldAccessToken stops a token until it is released, for a reason that people will read. Holding a held token is
	// CodeConflict. CodeNotFound, CodeInvalid.
	HoldAccessToken(ctx context.Context, id, reason string) (AccessToken, error)
	// ReleaseAccessToken ends a hold. Releasing a token that is not held is CodeConflict. CodeNotFound.
	ReleaseAccessToken(ctx context.Context, id string) (AccessToken, error)
	// RevokeSecret ends the secret for good; its token is without one until it is regenerated. CodeNotFound for a value
	// that is no live secret.
	RevokeSecret(ctx context.Context, secret Secret) (AccessToken, error)
	// DeleteAccessToken deletes a token for good, with its shares and the technical user that the system created for it.
	// CodeNotFound.
	DeleteAccessToken(ctx context.Context, id string) error
	// VerifySecret tells whether a value is good now. A value that is not is an answer, not an error.
	VerifySecret(ctx context.Context, secret Secret, options VerifyOptions) (Verification, error)

	// ShareAccessToken gives a member a role on a token. CodeInvalid, also for a token or member that does not exist;
	// CodeConflict where a share of the two exists.
	ShareAccessToken(ctx context.Context, share TokenShare) (TokenShare, error)
	// TokenShare returns the share of a token with a member. CodeNotFound.
	TokenShare(ctx context.Context, tokenID, memberID string) (TokenShare, error)
	// UpdateTokenShare changes the role of a share. CodeNotFound, CodeInvalid.
	UpdateTokenShare(ctx context.Context, tokenID, memberID, role string) (TokenShare, error)
	// UnshareAccessToken ends a share. CodeNotFound.
	UnshareAccessToken(ctx context.Context, tokenID, memberID string) error

	// Events returns the events that the query selects, the oldest first.
	Events(ctx context.Context, query EventQuery) ([]Event, error)

	// Close writes what is still in memory and lets go of the backend.
	Close() error
}

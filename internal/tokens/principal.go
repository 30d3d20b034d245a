package tokens

// Principal is whoever asks for an operation. The zero Principal is nobody and may do nothing.
type Principal struct {
	kind principalKind
	// actor is who runs this program; audit events call the owner of the database so.
	actor Actor
	// email is the member's address.
	email string
	// secret is the value of an access token.
	secret Secret
	// run is the run of a pipeline in which the principal claims to ask; empty for none.
	run string
}

type principalKind int

const (
	nobody principalKind = iota
	databaseOwner
	actingMember
	tokenHolder
)

// AsDatabaseOwner returns the principal who opens the database directly: anyone who can write its file is its owner.
func AsDatabaseOwner(actor Actor) Principal { return Principal{kind: databaseOwner, actor: actor} }

// AsMember returns the member with an e-mail address, regardless of case, as a principal. It holds what the member
// holds at the time of each operation. The actor acts as the member; events name the actor if there is no such member.
func AsMember(actor Actor, email string) Principal {
	return Principal{kind: actingMember, actor: actor, email: email}
}

// ActingAs returns the member with an e-mail address, as whom the actor acts; for an empty one, the owner of the
// database.
func ActingAs(actor Actor, email string) Principal {
	if email == "" {
		return AsDatabaseOwner(actor)
	}
	return AsMember(actor, email)
}

// AsTokenHolder returns the technical user or member who presents a value of an own access token, as a principal. It holds
// what that token may do, as long as the value is active.
func AsTokenHolder(secret Secret) Principal { return Principal{kind: tokenHolder, secret: secret} }

// Actor returns who runs this program; empty for the holder of a token.
func (p Principal) Actor() Actor { return p.actor }

// IsDatabaseOwner reports whether the principal is the owner of the database.
func (p Principal) IsDatabaseOwner() bool { return p.kind == databaseOwner }

// Member returns the address of the member that the principal is, and whether it is one.
func (p Principal) Member() (email string, ok bool) { return p.email, p.kind == actingMember }

// TokenHolder returns the value that the principal presents, and whether it presents one.
func (p Principal) TokenHolder() (Secret, bool) { return p.secret, p.kind == tokenHolder }

// InRun returns the principal as one who claims to ask in a run of a pipeline; see ClaimedRun. Events say so, and nothing
// else depends on it.
func (p Principal) InRun(run string) Principal {
	p.run = cleanRun(run)
	return p
}

// NobodyAsks is the refusal of an operation for which nobody asks.
func NobodyAsks() *Error {
	return Forbidden("", "the operation needs an access token that is good, and none was presented").Because(ReasonUnauthenticated)
}

// StrangerAsks is the refusal of an operation for which somebody asks by a value that is not active, whatever the cause.
func StrangerAsks() *Error {
	return Forbidden("", "the caller's access token is not good: it is unknown, has ended or was stopped").
		Because(ReasonUnauthenticated)
}

// Run returns the run of a pipeline in which the principal claims to ask; empty for none.
func (p Principal) Run() string { return p.run }

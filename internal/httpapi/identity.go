package httpapi

import (
	"cmp"
	"math"
	"net/url"
	"strings"
	"time"
	"unique"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// The headers that say who asks, in canonical form.
var identityHeaders = [...]string{
	"X-Latchkey-Token-Id",
	"X-Latchkey-Token-Name",
	"X-Latchkey-Technical-User",
	"X-Latchkey-Organization",
	"X-Latchkey-Roles",
	"X-Latchkey-Permissions",
}

const (
	headerTokenID = iota
	headerTokenName
	headerTechnicalUser
	headerOrganization
	headerRoles
	headerPermissions
)

const (
	// mostHead is how many bytes the head of an answer has at most: nginx reads it into a buffer of 4 KiB by default.
	mostHead = 3_900
	// otherHead is how many bytes it has besides the headers above: the status line, the headers of every answer, the
	// longest that net/http adds, and the empty line.
	otherHead = len("HTTP/1.1 200 OK\r\n" +
		"Cache-Control: no-store\r\n" +
		"Connection: keep-alive\r\n" +
		"Content-Length: 0\r\n" +
		"Date: Mon, 02 Jan 2006 15:04:05 GMT\r\n" +
		"\r\n")
	// none stands for a value that there is none of. No header is ever empty: an empty one would look like one that is
	// absent, and let through what a client wrote.
	none = "-"
)

// Identity is what the server says of a token. A cache holds one for each row, so it is compact, and ready to be sent.
type Identity struct {
	// tokenID is the first of the headers.
	tokenID string
	// own are further texts that belong to the token alone, one behind the other: the values of the headers of its name and
	// of its technical user or member, up to nameEnd and userEnd, and the identifier of that account. Each text of its own
	// would be something more that the garbage collector has to look at.
	own              string
	nameEnd, userEnd uint32
	// issuedAt and expiresAt say since when there is the secret, and from when on the clock makes it inactive, in seconds
	// since 1970; 0 for never.
	issuedAt, expiresAt int64
	// liveUntil is until when a revocation ends the secret, in microseconds since 1970.
	liveUntil int64
	shared    unique.Handle[sharedIdentity]
}

// sharedIdentity is what many tokens have in common, of which a program keeps one copy.
type sharedIdentity struct {
	// organization, roles and permissions are values of headers.
	organization, roles, permissions string
	// cut means that not all roles and permissions had room in the headers.
	cut bool
	// personal means that the token belongs to a member.
	personal bool
	// level is the group of the technical user; empty for organization level.
	level string
	scope scope
}

// Renderer makes identities.
type Renderer struct {
	// Permissions makes it fill the header of permissions.
	Permissions bool
}

// Identity returns what the server says of a secret of a database while it is active.
func (r Renderer) Identity(secret tokens.ResolvedSecret, database tokens.Database) Identity {
	token := secret.Token()
	i := Identity{tokenID: token.ID, issuedAt: secret.CreatedAt().Unix(), liveUntil: math.MinInt64}
	if end, ends := secret.Standing().End(); ends {
		i.expiresAt = end.Unix()
	}
	if end, live := secret.LiveUntil(); live {
		i.liveUntil = math.MaxInt64
		if !end.IsZero() {
			i.liveUntil = end.UnixMicro()
		}
	}
	name, user, organization := value(token.Name), value(token.User.Email), value(database.Organization)
	i.own = name + user + token.User.ID
	i.nameEnd, i.userEnd = uint32(len(name)), uint32(len(name)+len(user)) //nolint:gosec // no text is that long

	all := scopeOf(secret.Access())
	roles := rolesOf(secret.Grants())
	var permissions []string
	if r.Permissions {
		permissions = strings.Fields(string(all))
	}
	cut := fit(&roles, &permissions, room(token.ID, name, user, organization))
	i.shared = unique.Make(sharedIdentity{
		organization: organization, roles: list(roles.words), permissions: list(permissions), cut: cut,
		personal: token.IsPersonal(), level: token.User.GroupID, scope: all,
	})
	return i
}

// values returns the values of identityHeaders.
func (i *Identity) values() *[len(identityHeaders)]string {
	shared := i.shared.Value()
	return &[...]string{
		headerTokenID:       i.tokenID,
		headerTokenName:     i.own[:i.nameEnd],
		headerTechnicalUser: i.own[i.nameEnd:i.userEnd],
		headerOrganization:  shared.organization,
		headerRoles:         shared.roles,
		headerPermissions:   shared.permissions,
	}
}

// cut reports whether not all roles and permissions had room in the headers.
func (i *Identity) cut() bool { return i.shared.Value().cut }

// userID returns the identifier of the technical user or member.
func (i *Identity) userID() string { return i.own[i.userEnd:] }

// technicalUser returns the address of the technical user or member.
func (i *Identity) technicalUser() string {
	encoded := i.own[i.nameEnd:i.userEnd]
	address, err := url.PathUnescape(encoded)
	if err != nil || encoded == none {
		return ""
	}
	return address
}

// isPersonal reports whether the token belongs to a member.
func (i *Identity) isPersonal() bool { return i.shared.Value().personal }

// isLiveAt reports whether there is something of the secret to revoke at now.
func (i *Identity) isLiveAt(now time.Time) bool { return now.UnixMicro() < i.liveUntil }

// room returns how many bytes roles and permissions may have together, beside the values of the other headers.
func room(others ...string) int {
	room := mostHead - otherHead
	for _, name := range identityHeaders {
		room -= len(name) + len(": \r\n")
	}
	for _, other := range others {
		room -= len(other)
	}
	return room
}

// heldRoles are the roles of a token as words: name or, in a group, name@group_id.
type heldRoles struct {
	words []string
	// fixed is how many of the words never yield: the role at organization level.
	fixed int
}

// rolesOf returns the roles that are granted, that at organization level first.
func rolesOf(g tokens.Grants) (held heldRoles) {
	if role := cmp.Or(g.Role, tokens.RoleNone); role != tokens.RoleNone {
		held = heldRoles{[]string{role}, 1}
	}
	for _, r := range g.GroupRoles {
		if r.Role != tokens.RoleNone {
			held.words = append(held.words, r.Role+"@"+r.GroupID)
		}
	}
	return held
}

// fit drops what has no room, and reports whether there was any such thing: first permissions, then roles in groups,
// each whole and from the end of their order.
func fit(roles *heldRoles, permissions *[]string, room int) (cut bool) {
	for len(list(roles.words))+len(list(*permissions)) > room {
		switch {
		case len(*permissions) > 0:
			*permissions = (*permissions)[:len(*permissions)-1]
		case len(roles.words) > roles.fixed:
			roles.words = roles.words[:len(roles.words)-1]
		default:
			return cut
		}
		cut = true
	}
	return cut
}

// list returns words with a space between, or what stands for none.
func list(words []string) string { return cmp.Or(strings.Join(words, " "), none) }

// unreserved are the unreserved characters of RFC 3986 section 2.3.
const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"

// value returns a text as a header carries it: all but unreserved characters are percent-encoded, and so is a
// text that looks like none.
func value(text string) string {
	switch text {
	case "":
		return none
	case none:
		return "%2D"
	}
	if strings.Trim(text, unreserved) == "" {
		return text
	}
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(text) {
		if c := text[i]; strings.IndexByte(unreserved, c) >= 0 {
			b.WriteByte(c)
		} else {
			b.Write([]byte{'%', digits[c>>4], digits[c&15]})
		}
	}
	return b.String()
}

package tokens

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"slices"
	"strings"
	"time"
)

// Kind is a kind of object; its value is the prefix of the identifiers of that kind.
type Kind string

// The kinds of objects that have identifiers.
const (
	KindAccessToken   Kind = "tok"
	KindTechnicalUser Kind = "tu"
	KindMember        Kind = "mem"
	KindGroup         Kind = "grp"
	KindRole          Kind = "rol"
	KindTokenShare    Kind = "share"
	KindEvent         Kind = "evt"
	KindRequest       Kind = "req"
	KindDatabase      Kind = "db"
)

// Noun returns the name of the kind in a sentence.
func (k Kind) Noun() string {
	switch k {
	case KindAccessToken:
		return "access token"
	case KindTechnicalUser:
		return "technical user"
	case KindMember:
		return "member"
	case KindGroup:
		return "group"
	case KindRole:
		return "role"
	case KindTokenShare:
		return "token share"
	case KindEvent:
		return "event"
	case KindRequest:
		return "request"
	case KindDatabase:
		return "database"
	}
	return string(k)
}

// idDigits are those of Crockford's base32 in lower case, without i, l, o and u. They sort like the bytes that they encode.
const idDigits = "0123456789abcdefghjkmnpqrstvwxyz"

var idEncoding = base32.NewEncoding(idDigits).WithPadding(base32.NoPadding)

// idLength is the length of an identifier after its prefix: 16 bytes in base32.
const idLength = 26

// IDForm returns what an identifier of the kind looks like.
func (k Kind) IDForm() string {
	if k == KindTokenShare {
		return ShareID(KindAccessToken.IDForm(), KindMember.IDForm())
	}
	return string(k) + "_…"
}

// IDLength returns the length of the identifiers of a kind.
func IDLength(kind Kind) int { return len(kind) + 1 + idLength }

// NewID returns a new identifier of the kind: the prefix, an underscore, and 26 characters that encode 48 bits of now
// in milliseconds and 80 random bits, so that identifiers sort by the time of their creation.
func NewID(kind Kind, now time.Time) string {
	var random [10]byte
	_, _ = rand.Read(random[:]) // crypto/rand.Read never fails
	return newID(kind, now, random)
}

// DerivedID is NewID with bits of the hash of a seed in place of random ones: the same arguments give the same
// identifier.
func DerivedID(kind Kind, now time.Time, seed string) string {
	hash := sha256.Sum256([]byte(seed))
	return newID(kind, now, [10]byte(hash[:]))
}

func newID(kind Kind, now time.Time, rest [10]byte) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16)
	copy(b[6:], rest[:])
	return string(kind) + "_" + idEncoding.EncodeToString(b[:])
}

// IsID reports whether s is a well-formed identifier of the kind.
func IsID(kind Kind, s string) bool {
	if len(s) != IDLength(kind) || s[:len(kind)] != string(kind) || s[len(kind)] != '_' {
		return false
	}
	digit := 0
	for i := len(kind) + 1; i < len(s); i++ {
		if digit = strings.IndexByte(idDigits, s[i]); digit < 0 {
			return false
		}
	}
	return digit%4 == 0 // the last digit ends with two bits that 16 bytes leave spare
}

// kindsWithID are the kinds of objects that have an identifier of their own.
var kindsWithID = []Kind{
	KindAccessToken, KindTechnicalUser, KindMember, KindGroup, KindRole, KindEvent, KindDatabase,
}

// KindOf returns the kind of object that an identifier belongs to; empty if it is not an identifier of an object.
func KindOf(id string) Kind {
	for _, kind := range kindsWithID {
		if IsID(kind, id) {
			return kind
		}
	}
	if _, _, err := ParseShareID("", id); err == nil {
		return KindTokenShare
	}
	return ""
}

// ValidateReference refuses what names no object of the kind before anybody looks for it: an empty text, and what begins
// like the identifier of another kind. Whether anything else is the identifier of an object is for the backend to say.
func ValidateReference(field string, kind Kind, s string) error {
	prefix, _, ok := strings.Cut(s, "_")
	if s == "" || ok && Kind(prefix) != kind && slices.Contains(kindsWithID, Kind(prefix)) {
		return ValidateID(field, kind, s)
	}
	return nil
}

// ValidateID checks that the attribute's value is an identifier of the kind.
func ValidateID(field string, kind Kind, s string) error {
	if IsID(kind, s) {
		return nil
	}
	refusal := Invalid(field, "%q is not a valid %s identifier, which would start with %q", s, kind.Noun(),
		string(kind)+"_").Because(ReasonNotAnIdentifier)
	refusal.Kind = kind
	return refusal
}

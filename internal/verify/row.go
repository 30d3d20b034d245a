package verify

import (
	"crypto/subtle"
	"encoding/binary"
	"hash/maphash"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Row is what the cache keeps of a secret: what the clock can't change, and no more than a verification needs. A row
// never changes; another one takes its place.
type Row[T any] struct {
	// TokenID and Version identify the secret.
	TokenID string
	Version int64
	// Rendered is what the owner of the cache made of the secret when it came into the cache.
	Rendered T

	standing tokens.Standing
	hash     tokens.SecretHash
	// generation is how many changes had been seen before the row was read.
	generation uint64
	// account is the key of the token's account. nextOfAccount links the rows of an account, and nextOfToken those of a token.
	account                                       uint64
	previousOfAccount, nextOfAccount, nextOfToken *Row[T]
}

// ActiveAt reports whether the secret is active at now. A nil row stands for an unknown value, and takes as long.
func (r *Row[T]) ActiveAt(now time.Time) bool {
	var never tokens.Standing
	standing := &never
	if r != nil {
		standing = &r.standing
	}
	return standing.ActiveAt(now)
}

// is reports whether the row is that of a hash.
func (r *Row[T]) is(hash tokens.SecretHash) bool {
	if r == nil {
		return isHash(nil, hash)
	}
	return isHash(&r.hash, hash)
}

// isHash reports whether there is a hash that equals another, in time that depends neither on where they differ nor on
// whether there is one.
func isHash(held *tokens.SecretHash, hash tokens.SecretHash) bool {
	none := held == nil
	if none {
		held = &tokens.SecretHash{}
	}
	return subtle.ConstantTimeCompare(held[:], hash[:]) == 1 && !none
}

// rowSet holds rows by their secret, their token and its account. Its keys are 8 bytes each, since the whole
// hash is compared anyway. Rows whose keys are equal by chance take each other's place, or go together.
type rowSet[T any] struct {
	seed   maphash.Seed
	most   int
	ofHash map[uint64]*Row[T]
	// ofToken and ofAccount hold the first row of each token and of each account, a technical user or a member.
	ofToken, ofAccount map[uint64]*Row[T]
	// dropped counts the rows that made room for others.
	dropped uint64
}

// newRowSet returns an empty set of at most so many rows.
func newRowSet[T any](most int) *rowSet[T] {
	s := &rowSet[T]{seed: maphash.MakeSeed(), most: most}
	s.empty()
	return s
}

// empty removes all rows.
func (s *rowSet[T]) empty() {
	s.ofHash, s.ofToken, s.ofAccount = map[uint64]*Row[T]{}, map[uint64]*Row[T]{}, map[uint64]*Row[T]{}
}

// keyOf returns the key of a secret. A hash is random already.
func keyOf(hash tokens.SecretHash) uint64 { return binary.LittleEndian.Uint64(hash[:]) }

// key returns the key of an object.
func (s *rowSet[T]) key(id string) uint64 { return maphash.String(s.seed, id) }

// find returns the row of a secret, or nil.
func (s *rowSet[T]) find(hash tokens.SecretHash) *Row[T] {
	if r := s.ofHash[keyOf(hash)]; r.is(hash) {
		return r
	}
	return nil
}

// add adds the row of a secret of an account's token. Where there is no room, a row at random goes.
func (s *rowSet[T]) add(r *Row[T], accountID string) {
	if before := s.ofHash[keyOf(r.hash)]; before != nil {
		s.remove(before)
	}
	for _, other := range s.ofHash { // a map's order is random
		if len(s.ofHash) < s.most {
			break
		}
		s.remove(other)
		s.dropped++
	}
	token := s.key(r.TokenID)
	r.account = s.key(accountID)
	s.ofHash[keyOf(r.hash)] = r
	r.nextOfToken, s.ofToken[token] = s.ofToken[token], r
	if r.nextOfAccount = s.ofAccount[r.account]; r.nextOfAccount != nil {
		r.nextOfAccount.previousOfAccount = r
	}
	s.ofAccount[r.account] = r
}

// removeToken removes the rows of a token.
func (s *rowSet[T]) removeToken(id string) {
	key := s.key(id)
	for s.ofToken[key] != nil {
		s.remove(s.ofToken[key])
	}
}

// removeAccount removes the rows of an account's tokens.
func (s *rowSet[T]) removeAccount(id string) {
	key := s.key(id)
	for s.ofAccount[key] != nil {
		s.remove(s.ofAccount[key])
	}
}

// remove removes a row. A token has few, an account may have many.
func (s *rowSet[T]) remove(r *Row[T]) {
	delete(s.ofHash, keyOf(r.hash))
	token := s.key(r.TokenID)
	if s.ofToken[token] == r {
		setOrDelete(s.ofToken, token, r.nextOfToken)
	} else {
		for other := s.ofToken[token]; other != nil; other = other.nextOfToken {
			if other.nextOfToken == r {
				other.nextOfToken = r.nextOfToken
				break
			}
		}
	}
	if r.nextOfAccount != nil {
		r.nextOfAccount.previousOfAccount = r.previousOfAccount
	}
	if r.previousOfAccount != nil {
		r.previousOfAccount.nextOfAccount = r.nextOfAccount
	} else {
		setOrDelete(s.ofAccount, r.account, r.nextOfAccount)
	}
}

// setOrDelete lets a list begin with a row; without one there is no list.
func setOrDelete[T any](lists map[uint64]*Row[T], key uint64, first *Row[T]) {
	if first == nil {
		delete(lists, key)
	} else {
		lists[key] = first
	}
}

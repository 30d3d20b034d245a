package verify

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Whatever is added and removed in whatever order, the set holds the rows of no token and of no technical user that was
// removed, and leaves nothing behind.
func TestRowSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type owner struct{ token, user string }
		// A token has one technical user.
		owners := []owner{{"a", "1"}, {"b", "1"}, {"c", "1"}, {"d", "2"}, {"e", "3"}}
		s := newRowSet[int](rapid.IntRange(1, 12).Draw(t, "most"))
		held := map[tokens.SecretHash]owner{} // what the set may hold
		next := byte(0)
		drop := func(is func(owner) bool) {
			maps.DeleteFunc(held, func(_ tokens.SecretHash, o owner) bool { return is(o) })
		}
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				next++
				o := rapid.SampledFrom(owners).Draw(t, "owner")
				hash := tokens.SecretHash{next}
				s.add(&Row[int]{TokenID: o.token, hash: hash}, o.user)
				held[hash] = o
			},
			"add again": func(t *rapid.T) {
				if len(held) == 0 {
					t.Skip()
				}
				hashes := slices.SortedFunc(maps.Keys(held), func(a, b tokens.SecretHash) int { return int(a[0]) - int(b[0]) })
				hash := rapid.SampledFrom(hashes).Draw(t, "hash")
				s.add(&Row[int]{TokenID: held[hash].token, hash: hash}, held[hash].user)
			},
			"remove token": func(t *rapid.T) {
				token := rapid.SampledFrom(owners).Draw(t, "owner").token
				s.removeToken(token)
				drop(func(o owner) bool { return o.token == token })
			},
			"remove user": func(t *rapid.T) {
				user := rapid.SampledFrom(owners).Draw(t, "owner").user
				s.removeAccount(user)
				drop(func(o owner) bool { return o.user == user })
			},
			"": func(t *rapid.T) {
				if len(s.ofHash) > s.most {
					t.Fatalf("%d rows, more than %d", len(s.ofHash), s.most)
				}
				found := 0
				for i := range int(next) + 1 {
					hash := tokens.SecretHash{byte(i)}
					row := s.find(hash)
					if row == nil {
						continue
					}
					found++
					if o, ok := held[hash]; !ok || o.token != row.TokenID {
						t.Fatalf("row %d of token %q is there, want one of %q (%t)", i, row.TokenID, o.token, ok)
					}
				}
				if found != len(s.ofHash) {
					t.Fatalf("%d of %d rows are found", found, len(s.ofHash))
				}
				linked := func(lists map[uint64]*Row[int], next func(*Row[int]) *Row[int]) (n int) {
					for _, row := range lists {
						for ; row != nil; row = next(row) {
							n++
						}
					}
					return n
				}
				ofToken := linked(s.ofToken, func(r *Row[int]) *Row[int] { return r.nextOfToken })
				ofAccount := linked(s.ofAccount, func(r *Row[int]) *Row[int] { return r.nextOfAccount })
				if ofToken != found || ofAccount != found {
					t.Fatalf("%d rows, %d by token, %d by technical user", found, ofToken, ofAccount)
				}
			},
		})
	})
}

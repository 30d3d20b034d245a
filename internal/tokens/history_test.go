package tokens_test

import (
	"strings"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestParseHead(t *testing.T) {
	hash := strings.Repeat("0a", 32)
	head := tokens.Head{Number: 17, Hash: hash}
	for text, want := range map[string]tokens.Head{"": {}, head.String(): head} {
		if got, err := tokens.ParseHead("head", text); err != nil || got != want {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
	}
	for _, text := range []string{
		"17", "17:", ":" + hash, "0:" + hash, "-1:" + hash, "017:" + hash, "17:" + hash[1:], "17:" + strings.ToUpper(hash), " 17:" + hash,
		"17:" + hash + "\n", "9007199254740993:" + hash, "17:" + strings.Repeat("0z", 32),
	} {
		if got, err := tokens.ParseHead("head", text); tokens.ErrorCode(err) != tokens.CodeInvalid || got != (tokens.Head{}) {
			t.Errorf("%q: got %v, %v", text, got, err)
		}
	}
}

// Whoever takes the hashes away from a database has its events covered by one hash at the next change. A head that was
// kept before can still be compared.
func TestHeadOfEarlierEvents(t *testing.T) {
	first, second, other := tokens.TextsDigest("a"), tokens.TextsDigest("b"), tokens.TextsDigest("other")
	head := func(digests ...string) (h tokens.Head) {
		for _, digest := range digests {
			h = h.Next(digest)
		}
		return h
	}
	for _, test := range []struct {
		name    string
		numbers []int64
		known   tokens.Head
		broken  int64 // zero for none
	}{
		{"the same events", []int64{1, 2}, head(first, second), 0},
		{"the first of them", []int64{1, 2}, head(first), 0},
		{"another event in the place of the first", []int64{1, 2}, head(other, second), 2},
		{"fewer events than there were", []int64{1, 2}, head(first, second, other), 3},
		{"an event that is gone", []int64{1, 3}, head(first, other), 2},
		{"another number", []int64{1, 3}, tokens.Head{Number: 3, Hash: head(first, second).Hash}, 3},
		{"pruned by an older program, and not at all now", []int64{5, 6}, tokens.Head{Number: 6, Hash: head(first, second).Hash}, 6},
	} {
		var earlier tokens.EarlierEvents
		digests := []string{first, second}
		for i, digest := range digests {
			earlier.Add(test.numbers[i], digest)
		}
		check, err := tokens.NewHistoryCheck(earlier.Head(), earlier.Head(), earlier.Number, test.known)
		if err != nil {
			t.Fatalf("%s: %v", test.name, err)
		}
		for i, digest := range digests {
			check.Follow(tokens.Link{Number: test.numbers[i], Digest: digest})
		}
		switch broken := check.End().Broken; {
		case broken == nil && test.broken != 0, broken != nil && broken.Number != test.broken:
			t.Errorf("%s: got %v, want event %d", test.name, broken, test.broken)
		}
	}
}

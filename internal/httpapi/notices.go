package httpapi

import (
	"regexp"
	"sync"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/verify"
)

const (
	// noticeEvery is how often the log repeats something about a token at most.
	noticeEvery = time.Hour
	// mostNotices is how many tokens are remembered for that. Beyond it, nothing is logged until others are forgotten.
	mostNotices = 10_000
)

// notices remembers what was logged about which token, so that requests can't flood the log.
type notices struct {
	mu sync.Mutex
	of map[notice]time.Time
	// full is until when there is no room.
	full time.Time
}

// notice is something that was logged about a token.
type notice struct{ tokenID, what string }

// due reports whether a notice may be logged at now, and remembers it then.
func (n *notices) due(one notice, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if last, ok := n.of[one]; ok && now.Sub(last) < noticeEvery {
		return false
	}
	if len(n.of) >= mostNotices && !n.makeRoom(now) {
		return false
	}
	if n.of == nil {
		n.of = map[notice]time.Time{}
	}
	n.of[one] = now
	return true
}

// makeRoom forgets what may be logged again at now, and reports whether there was any such thing. It looks through all
// only once something has become due. The caller holds the lock.
func (n *notices) makeRoom(now time.Time) bool {
	if now.Before(n.full) {
		return false
	}
	n.full = now.Add(noticeEvery)
	for one, last := range n.of {
		if due := last.Add(noticeEvery); due.After(now) {
			n.full = earlier(n.full, due)
		} else {
			delete(n.of, one)
		}
	}
	return len(n.of) < mostNotices
}

// earlier returns the earlier one of two times.
func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

// noticeCut logs that the headers of a token lack something.
func (v *Verification) noticeCut(row *verify.Row[Identity]) {
	if v.notices.due(notice{row.TokenID, "cut"}, v.options.Now()) {
		v.options.Log.Warn("the headers that tell an API about a token lack permissions or roles in groups, since the head of "+
			"an answer may be no longer: narrow its roles, or let the API ask /v1/authorize or /v1/introspect",
			"token_id", row.TokenID, "most_bytes", mostHead)
	}
}

// noticeIllFormed logs that a gateway asks for something that is no permission, with a token that is good.
func (v *Verification) noticeIllFormed(row *verify.Row[Identity], word string) {
	if v.notices.due(notice{row.TokenID, "ill-formed"}, v.options.Now()) {
		v.options.Log.Warn("a gateway asks for something that is not a permission, and gets 403 for a good token: write "+
			"/v1/authorize/area:verb or /v1/authorize/area:verb@group_id", "token_id", row.TokenID, "asked", loggable(word))
	}
}

// noticeUnrevoked logs that a value could not be revoked.
func (v *Verification) noticeUnrevoked(row *verify.Row[Identity], cause error) {
	if v.notices.due(notice{row.TokenID, "unrevoked"}, v.options.Now()) {
		v.options.Log.Error("a token was to be revoked by its holder, who was told to try again: hold it if that matters",
			"token_id", row.TokenID, "error", tokens.Cleaned(cause.Error()))
	}
}

// secretLike matches whatever may hold a token's value, also encoded: a value has 32 characters at least.
var secretLike = regexp.MustCompile(`[0-9A-Za-z\-._~+/=%]{32,}`)

// loggable returns a part of a path without anything that may be a token's value, and not all of a long one.
func loggable(word string) string {
	const most = 100
	clean := tokens.Cleaned(secretLike.ReplaceAllLiteralString(word, "(sensitive value)"))
	if runes := []rune(clean); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return clean
}

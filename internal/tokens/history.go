package tokens

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
)

// Head is a point in the history of a database: the number of an event, and a hash that covers what this event and all
// before it say. Whoever keeps a head elsewhere can tell later whether that part of the history was rewritten.
type Head struct {
	// Number is that of the event. Numbers count from 1, without a gap; zero is before the first one.
	Number int64
	// Hash has 64 hexadecimal digits; empty before the first event.
	Hash string
}

// String writes the head as <number>:<hash>; empty for the one before the first event.
func (h Head) String() string {
	if h == (Head{}) {
		return ""
	}
	return fmt.Sprintf("%d:%s", h.Number, h.Hash)
}

// ParseHead reads what String writes. The field is named in the error, CodeInvalid.
func ParseHead(field, text string) (Head, error) {
	if text == "" {
		return Head{}, nil
	}
	number, digits, _ := strings.Cut(text, ":")
	n, err := strconv.ParseInt(number, 10, 64)
	h := Head{n, digits}
	if err != nil || n < 1 || !isDigest(digits) || h.String() != text {
		return Head{}, Invalid(field, "it is not the head of a history, which is a number, a colon and 64 hexadecimal digits")
	}
	return h, nil
}

// isDigest reports whether a text is a SHA-256 sum in lower-case hexadecimal digits.
func isDigest(text string) bool {
	sum, err := hex.DecodeString(text)
	return err == nil && len(sum) == sha256.Size && strings.ToLower(text) == text
}

// TextsDigest returns the SHA-256 sum, in hexadecimal digits, of some texts in their order. Each is preceded by its length in
// bytes and a colon, so that no two lists of texts are alike.
func TextsDigest(texts ...string) string {
	sum := sha256.New()
	for _, text := range texts {
		fmt.Fprintf(sum, "%d:%s", len(text), text)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Next returns the head with one more event, by the digest of what that says: its hash is the SHA-256 sum of the digits of
// the hash before it and those of the digest.
func (h Head) Next(digest string) Head {
	sum := sha256.Sum256([]byte(h.Hash + digest))
	return Head{h.Number + 1, hex.EncodeToString(sum[:])}
}

// History says how far the chain of events goes, and whether it is whole. Each event has a hash of its own content and of
// the hash before it.
type History struct {
	// Head is that of the database.
	Head Head
	// Checkpoint is where the chain begins: events up to there were pruned, or were written before events had hashes.
	Checkpoint Head
	// Earlier is how many events from before the chain there are, all of which the hash of the checkpoint covers.
	Earlier int64
	// Events is how many events there are, Earlier among them.
	Events int64
	// Broken is the first event with which something is wrong; nil if nothing is.
	Broken *BrokenLink
}

// BrokenLink is an event that does not fit the history.
type BrokenLink struct {
	// Number is that of the event, or that of the one that is missing.
	Number int64
	// EventID is its identifier; empty where it is missing.
	EventID string
	// Problem says what is wrong, as a sentence without its subject's number.
	Problem string
}

// String says which event it is and what is wrong with it.
func (b BrokenLink) String() string {
	if b.EventID == "" {
		return fmt.Sprintf("event %d %s", b.Number, b.Problem)
	}
	return fmt.Sprintf("event %d (%s) %s", b.Number, b.EventID, b.Problem)
}

// Link is an event in the chain, as it is stored.
type Link struct {
	Number int64
	Event  Event
	// Digest is that of what the row says, and Hash what the row holds.
	Digest, Hash string
}

// HistoryCheck follows the chain of events of a database, in the order of their numbers.
type HistoryCheck struct {
	history History
	// known is a head that somebody kept; zero for none.
	known Head
	// last is the last link that was followed.
	last Head
	// earlier are the digests of the events from before the chain, each with its number.
	earlier EarlierEvents
	// isCut means that events were pruned, which an event in the chain has to say.
	isCut bool
}

// NewHistoryCheck returns the check of a database that has a head, a checkpoint and, where that covers earlier events,
// their number. known is a head that somebody kept elsewhere; zero for none.
//
// What the database can't tell any more, since it was pruned, is CodeInvalid.
func NewHistoryCheck(head, checkpoint Head, earlier int64, known Head) (*HistoryCheck, error) {
	if known != (Head{}) && known.Number < checkpoint.Number {
		return nil, Invalid("head", "whether event %d had this hash can't be told any more: events up to %d were pruned, or were "+
			"written before events had hashes; use a head with a later number", known.Number, checkpoint.Number)
	}
	return &HistoryCheck{
		history: History{Head: head, Checkpoint: checkpoint, Earlier: earlier}, known: known, last: checkpoint,
		isCut: earlier == 0 && checkpoint != (Head{}),
	}, nil
}

// Follow takes the next event. After the first broken link it takes no more notice.
func (c *HistoryCheck) Follow(l Link) {
	c.history.Events++
	if c.history.Broken != nil {
		return
	}
	if l.Number <= c.history.Checkpoint.Number {
		c.earlier.Add(l.Number, l.Digest)
		return
	}
	if c.last == c.history.Checkpoint {
		c.beginChain()
	}
	next := c.last.Next(l.Digest)
	switch {
	case c.history.Broken != nil:
	case c.last.Number == c.history.Head.Number:
		c.broken(l.Number, l.Event.ID, "is beyond the last one that the database counts")
	case l.Number != next.Number:
		c.broken(next.Number, "", "is not there")
	case l.Hash != next.Hash:
		c.broken(l.Number, l.Event.ID, "does not fit its hash: what it says was changed, or another one has its place")
	default:
		c.last = next
		c.compare(next, l.Event.ID)
		if l.Event.Action == ActionEventPrune && l.Event.Outcome == OutcomeDone &&
			l.Event.Details.Checkpoint == c.history.Checkpoint.String() {
			c.isCut = false
		}
	}
}

// beginChain judges what is before the chain.
func (c *HistoryCheck) beginChain() {
	h := &c.history
	if h.Earlier != c.earlier.Number || h.Earlier > 0 && c.earlier.Head(h.Checkpoint.Number) != h.Checkpoint {
		c.broken(h.Checkpoint.Number, "", "or one before it does not fit the hash that covers them: these events were written before "+
			"each had a hash of its own")
		return
	}
	c.compare(h.Checkpoint, "")
}

// compare compares a point of the chain with the head that somebody kept.
func (c *HistoryCheck) compare(at Head, id string) {
	if at.Number == c.known.Number && at != c.known {
		c.broken(at.Number, id, "has another hash than the head that was kept: it, or an event before it, was changed")
	}
}

// End returns what was found.
func (c *HistoryCheck) End() History {
	if c.history.Broken == nil && c.last == c.history.Checkpoint {
		c.beginChain()
	}
	h := c.history.Head
	switch {
	case c.history.Broken != nil:
	case c.last.Number < h.Number:
		c.broken(c.last.Number+1, "", "is not there")
	case c.last != h:
		c.broken(h.Number, "", "has another hash in the row of the database than in its own")
	case c.last.Number < c.known.Number:
		c.broken(c.last.Number+1, "", "is not there: the head that was kept is of a later one")
	case c.isCut:
		c.broken(c.history.Checkpoint.Number, "", "or one before it was deleted, and no event says who pruned it")
	}
	return c.history
}

// broken takes down the first broken link.
func (c *HistoryCheck) broken(number int64, id, problem string) {
	c.history.Broken = &BrokenLink{number, id, problem}
}

// EarlierEvents sums up events that were written before each had a hash of its own. Its zero value has none.
type EarlierEvents struct {
	// Number is how many there are.
	Number int64
	hash   string
}

// Add takes the next event with its number, which may leave gaps, and the digest of what it says.
func (e *EarlierEvents) Add(number int64, digest string) {
	e.Number++
	e.hash = TextsDigest(e.hash, strconv.FormatInt(number, 10), digest)
}

// Head returns the one at which the chain begins behind them, the last of which has a number.
func (e *EarlierEvents) Head(last int64) Head { return Head{last, e.hash} }

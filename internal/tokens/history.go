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

// mostEvents is a number of events that no log reaches, which every program can tell from the next one.
const mostEvents = 1 << 53

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
	if err != nil || n < 1 || n > mostEvents || !isDigest(digits) || h.String() != text {
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
	// EventID is its identifier; empty where the row holds none.
	EventID string
	// Digest is that of what the row says, and Hash what the row holds.
	Digest, Hash string
	// Pruned is the checkpoint up to which the event says that it deleted the log; empty for another event.
	Pruned string
}

// HistoryCheck follows the chain of events of a database, in the order of their numbers.
type HistoryCheck struct {
	history History
	// known is a head that somebody kept; zero for none. wasCompared means that its event was met.
	known       Head
	wasCompared bool
	// last is the last link that was followed.
	last Head
	// earlier are the events from before the chain.
	earlier EarlierEvents
	// isCut means that events were pruned, which an event in the chain has to say.
	isCut bool
}

// NewHistoryCheck returns the check of a database that has a head, a checkpoint and, where that covers earlier events,
// their number. known is a head that somebody kept elsewhere; zero for none.
//
// What the database can't tell any more, since it was pruned, is CodeInvalid.
func NewHistoryCheck(head, checkpoint Head, earlier int64, known Head) (*HistoryCheck, error) {
	if known != (Head{}) && known.Number < checkpoint.Number && earlier == 0 {
		return nil, Invalid("head", "whether event %d had this hash can't be told any more: the database says that events up to %d "+
			"were pruned; find out who did that, and use a head with a later number", known.Number, checkpoint.Number)
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
		if c.history.Earlier == 0 {
			c.broken(l.Number, l.EventID, "was put in before the first one of the log")
			return
		}
		c.compare(c.earlier.Add(l.Number, l.Digest), l.EventID)
		return
	}
	if c.last == c.history.Checkpoint {
		c.beginChain()
	}
	next := c.last.Next(l.Digest)
	switch {
	case c.history.Broken != nil:
	case c.last.Number == c.history.Head.Number:
		c.broken(l.Number, l.EventID, "is beyond the last one that the database counts")
	case l.Number != next.Number:
		c.broken(next.Number, "", "is not there")
	case l.Hash != next.Hash:
		c.broken(l.Number, l.EventID, "does not fit its hash: what it says was changed, or another one has its place")
	default:
		c.last = next
		c.compare(next, l.EventID)
		if l.Pruned != "" && l.Pruned == c.history.Checkpoint.String() {
			c.isCut = false
		}
	}
}

// beginChain judges what is before the chain.
func (c *HistoryCheck) beginChain() {
	h := &c.history
	switch {
	case c.history.Broken != nil:
	case h.Earlier != c.earlier.Number || h.Earlier > 0 && c.earlier.Head() != h.Checkpoint:
		c.broken(h.Checkpoint.Number, "", "or one before it does not fit the hash that covers them: these events were written before "+
			"each had a hash of its own")
	case h.Earlier == 0:
		c.compare(h.Checkpoint, "")
	case c.known.Number > 0 && c.known.Number <= h.Checkpoint.Number && !c.wasCompared:
		c.broken(c.known.Number, "", "is not there: the head that was kept is of it")
	}
}

// compare compares a point of the chain with the head that somebody kept.
func (c *HistoryCheck) compare(at Head, id string) {
	if c.known == (Head{}) || at.Number != c.known.Number {
		return
	}
	c.wasCompared = true
	if at != c.known {
		c.broken(at.Number, id, "has another hash than the head that was kept: it, or an event before it, was changed")
	}
}

// End returns what was found.
func (c *HistoryCheck) End() History {
	h := c.EndOfPart()
	switch {
	case h.Broken != nil:
	case c.last.Number < c.known.Number:
		c.broken(c.last.Number+1, "", "is not there: the head that was kept is of a later one")
	case c.isCut:
		c.broken(c.history.Checkpoint.Number, "", "or one before it was deleted, and no event says who pruned it")
	}
	return c.history
}

// EndOfPart is End where the head is not that of the database, but that of the last event that was followed.
func (c *HistoryCheck) EndOfPart() History {
	if c.last == c.history.Checkpoint {
		c.beginChain()
	}
	h := c.history.Head
	switch {
	case c.history.Broken != nil:
	case c.last.Number < h.Number:
		c.broken(c.last.Number+1, "", "is not there")
	case c.last != h:
		c.broken(h.Number, "", "has another hash in the row of the database than in its own")
	}
	return c.history
}

// broken takes down the first broken link.
func (c *HistoryCheck) broken(number int64, id, problem string) {
	c.history.Broken = &BrokenLink{number, id, problem}
}

// EarlierEvents sums up events that were written before each had a hash of its own. Its zero value has none.
//
// The sum is the hash that the chain would have had. So a head that was kept can still be compared after somebody took the
// hashes away, which an older program would find in order.
type EarlierEvents struct {
	// Number is how many there are.
	Number int64
	last   Head
}

// Add takes the next event with its number and the digest of what it says, and returns the head at that. Numbers may leave
// gaps; what comes behind one covers its number, too.
func (e *EarlierEvents) Add(number int64, digest string) Head {
	e.Number++
	if number != e.last.Number+1 {
		digest = TextsDigest(strconv.FormatInt(number, 10), digest)
	}
	e.last = Head{number, e.last.Next(digest).Hash}
	return e.last
}

// Head returns the head at the last one.
func (e *EarlierEvents) Head() Head { return e.last }

package tokens

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Mark is a point in the history of a database. Each change raises the database's serial by one and leaves a random mark
// under it, which stays for good. So whoever remembers a mark can tell whether a file has been through that change: an
// older copy lacks the serial, and a copy that went its own way has another mark under it.
type Mark struct {
	// Database identifies the database.
	Database string
	// Serial counts the changes of the database. Zero: it has seen none since it began to count.
	Serial int64
	// Value is random; empty where the serial is zero.
	Value string
	// At is when the change was made. Every later change of the database has a later time, whatever the clock says.
	At time.Time
}

const (
	// markBytes is how many random bytes a mark has.
	markBytes = 8
	// numberBase is the base of the numbers in the text of a mark.
	numberBase = 36
)

// markEncoding turns the bytes of a mark into a text.
var markEncoding = base64.RawURLEncoding.Strict()

// NewMarkValue returns a new random value for a mark.
func NewMarkValue() string {
	var random [markBytes]byte
	_, _ = rand.Read(random[:]) // crypto/rand.Read never fails
	return markEncoding.EncodeToString(random[:])
}

// IsMarkValue reports whether a text is a well-formed value of a mark.
func IsMarkValue(s string) bool {
	b, err := markEncoding.DecodeString(s)
	return err == nil && len(b) == markBytes
}

// Text returns all of the mark but the identity of its database, in a short form that ParseMark reads; empty for a mark
// without a serial.
func (m Mark) Text() string {
	if m.Serial == 0 {
		return ""
	}
	return strconv.FormatInt(m.Serial, numberBase) + "." + m.Value + "." + strconv.FormatInt(m.At.UnixMicro(), numberBase)
}

// ParseMark returns the mark of a database with a text that Text returned. An empty text stands for no mark.
func ParseMark(database, text string) (Mark, error) {
	m := Mark{Database: database}
	if text == "" {
		return m, nil
	}
	parts := strings.Split(text, ".")
	if len(parts) == 3 && IsMarkValue(parts[1]) {
		serial, err := strconv.ParseInt(parts[0], numberBase, 64)
		at, alsoErr := strconv.ParseInt(parts[2], numberBase, 64)
		if err == nil && alsoErr == nil && serial > 0 {
			m.Serial, m.Value, m.At = serial, parts[1], time.UnixMicro(at).UTC()
			return m, nil
		}
	}
	return m, Invalid("mark", "%q is not a mark: a serial, eleven characters and an instant, with dots between them", text)
}

// Past is what a database says of its own past, to judge by whether it is the one that a caller has seen.
type Past struct {
	// Location is where the database is.
	Location string
	// Newest is the mark of its last change.
	Newest Mark
	// SameSerial is the value of the mark that it has under the serial of the caller's; empty for none.
	SameSerial string
	// KnownUntil is the time up to which every mark counts as known, because the database was put back on purpose; zero
	// if it never was.
	KnownUntil time.Time
	// MovedTo is where it was moved to; empty for one that is in use.
	MovedTo string
}

// Knows reports whether the database has been through the change that left a mark, or whether somebody put it back on
// purpose since then. Every database of the same identity knows a mark without a serial, which nobody saw.
func (p Past) Knows(seen Mark) bool {
	return seen.Database == p.Newest.Database &&
		(seen.Serial == 0 || seen.Value == p.SameSerial || !p.KnownUntil.IsZero() && !seen.At.After(p.KnownUntil))
}

// Check returns CodeUnavailable unless the database is the one that a caller has seen, and has been through what the
// caller has seen. What it says of an object means nothing then: it may never have heard of the object, or not of what
// became of it.
func (p Past) Check(seen Mark) error {
	switch {
	case p.Knows(seen):
		return nil
	case seen.Database != p.Newest.Database:
		return Unavailable(nil, "%s is database %s, but the object lives in database %s: it goes until %s, and the object was "+
			"seen in one that went until %s. Name the file in which it was made, or put that file back",
			p.Location, p.Newest.Database, seen.Database, p.Newest.Until(), seen.Until()).Because(ReasonWrongDatabase)
	case p.Newest.Serial < seen.Serial:
		return Unavailable(nil, "%s is an older copy of database %s: it goes until %s, but the object was seen in one that "+
			"went until %s. What the older one says of the object is out of date, and a change would undo later ones; "+
			"nothing was changed", p.Location, seen.Database, p.Newest.Until(), seen.Until()).Because(ReasonOlderDatabase)
	}
	return Unavailable(nil, "%s is a copy of database %s that went its own way: it goes until %s, and lacks the change of "+
		"%s in which the object was seen. Two copies were changed side by side, and neither holds the other's changes; "+
		"nothing was changed", p.Location, seen.Database, p.Newest.Until(), seen.Until()).Because(ReasonForkedDatabase)
}

// Until says how far a database goes whose newest mark it is, after the word "until".
func (m Mark) Until() string {
	if m.Serial == 0 {
		return "a time before its changes were counted"
	}
	return fmt.Sprintf("%s (change %d)", FormatTimestamp(m.At), m.Serial)
}

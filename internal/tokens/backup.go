package tokens

import (
	"fmt"
	"strings"
	"time"
)

// Snapshot is the content of a database at one time: of a database in use, or of a backup.
type Snapshot struct {
	// Database identifies the database; its Location is the path of the file.
	Database Database
	// Mark is that of its last change; without a serial where none was counted.
	Mark Mark
	// Head is that of its history, as it was before the event of the backup; zero where events have no hashes.
	Head Head
	// Broken is the first event that does not fit the history; nil if all do.
	Broken *BrokenLink
	// Objects counts the objects of each kind.
	Objects []ObjectCount
	// LastEvent is the newest event. In a backup it records the backup itself, and so its age.
	LastEvent Event
}

// ObjectCount is how many objects of a kind there are.
type ObjectCount struct {
	// Noun names the kind in the singular, as in "access token".
	Noun   string
	Number int64
}

// String returns the number with the noun, as in "1 access token".
func (c ObjectCount) String() string { return Counted(c.Number, c.Noun) }

// Key returns the name of the number for programs, as in "access_tokens".
func (c ObjectCount) Key() string { return strings.ReplaceAll(c.Noun, " ", "_") + "s" }

// Counted writes a number of things, whose noun is given in the singular.
func Counted[N ~int | ~int64 | ~uint64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// MadeAt returns when a backup was made, and whether that is known. It is not known for a file that something else
// copied, or that was used since.
func (s Snapshot) MadeAt() (time.Time, bool) {
	return s.LastEvent.At, s.LastEvent.Action == ActionDatabaseBackup
}

// Restoration is a backup that replaces a database, or is about to.
type Restoration struct {
	Backup Snapshot
	// Path is where the database is.
	Path string
	// Replaced is the existing database; nil if there is none, or none that can be read.
	Replaced *Snapshot
	// Unreadable says why the existing file can't be read; nil if it can, or if there is none.
	Unreadable error
	// ChangesLost is how many changes of the database the backup lacks, of those that were counted, and EventsLost how many
	// events.
	ChangesLost, EventsLost int64
	// MovedTo holds the paths to which the existing files were moved, the database first.
	MovedTo []string
}

package tokens

import "time"

// Snapshot is what a database holds at one moment: a database in use, or a backup of one.
type Snapshot struct {
	// Database says which it is, and in Location where its file is.
	Database Database
	// Objects says how many there are of each kind.
	Objects []ObjectCount
	// LastEvent is the newest event. In a backup it is that of the backup itself, and so its age.
	LastEvent Event
}

// ObjectCount is how many objects of a kind there are.
type ObjectCount struct {
	// Noun names the kind in the plural, as in "access tokens".
	Noun   string
	Number int64
}

// MadeAt returns when a backup was made, and whether that is known: a file that something else copied, or that was used
// since, does not say it.
func (s Snapshot) MadeAt() (time.Time, bool) {
	return s.LastEvent.At, s.LastEvent.Action == ActionDatabaseBackup
}

// Restoration is a backup that takes the place of a database, or is about to.
type Restoration struct {
	Backup Snapshot
	// Path is where the database is.
	Path string
	// Replaced is the database that is there; nil where there is none, or none that can be read.
	Replaced *Snapshot
	// Unreadable says why what is there can't be read; nil where it can, and where nothing is there.
	Unreadable error
	// EventsLost is how many events of the database are not in the backup.
	EventsLost int64
	// MovedTo are the paths to which the files that were there have been moved, the database first.
	MovedTo []string
}

package tokens

// Migration is a database that moves to another place, or is about to.
type Migration struct {
	// From is what moves; its Location is where it was.
	From Snapshot
	// To is where it moves, as people may read it.
	To string
	// MovedTo holds the paths to which the files were moved that were there before, the database first; none for nothing.
	MovedTo []string
	// Tables are how many rows of each table were copied and found the same at both ends; none before the move, and where an
	// earlier one had copied them.
	Tables []TableRows
}

// TableRows is how many rows a table has.
type TableRows struct {
	Table string
	Rows  int64
}

// MigrationStep is what a migration does at some moment, for whoever waits for it.
type MigrationStep struct {
	// Verb is what it does with the rows: "copied" or "compared".
	Verb string
	// Table is the table, and Rows are how many of its rows were dealt with so far.
	TableRows
}

// Unsealing is a database that was moved elsewhere and is to count again, or does so.
type Unsealing struct {
	// Database is the one that counts again, and MovedTo where it was moved to.
	Database Database
	MovedTo  string
	// ChangedThere is how many changes were made where it was moved to; they are not in this database. CannotTell says why nobody
	// knows; nil if it is known.
	ChangedThere int64
	CannotTell   error
}

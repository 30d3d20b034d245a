package sqlite

// movesOpenFiles reports whether a file can get another name while it is open.
const movesOpenFiles = false

// syncDirectory does nothing: Windows writes the names in a directory without being asked, and has no call for it.
func syncDirectory(string) error { return nil }

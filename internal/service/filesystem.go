package service

// fileSystem is what a disk is, and how much it still takes.
type fileSystem struct {
	// kind is its name, or its number where the name is not known.
	kind string
	// network tells that other machines may write to it.
	network bool
	// free is the space in bytes that this user may fill.
	free uint64
}

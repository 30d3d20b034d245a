package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/sqlite"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Finding is the result of one check by Diagnose.
type Finding struct {
	// Name says what was checked, and Value what was found.
	Name, Value string
	// Facts are the parts of Value that programs read, by names that stay: sizes in bytes, modes in octal digits, times in
	// RFC 3339. None where Value is all there is.
	Facts map[string]any
	// Problem says what is wrong and what to do about it; empty if nothing is.
	Problem string
	// Reason is the reason of the error that Problem describes; empty if the problem is not an error.
	Reason tokens.Reason
}

// privateMode is the mode of a database's files: only their owner may read the hashes and names in them.
const privateMode fs.FileMode = 0o600

// littleSpace is the free space, in bytes, below which writing to a database may soon fail.
const littleSpace = 64 << 20

// Diagnose examines the database that the options name, in whatever state it is, and changes nothing.
func Diagnose(ctx context.Context, options Options) []Finding {
	if tokens.IsDatabaseAddress(options.Database) {
		return diagnoseAddress(ctx, options)
	}
	i, err := sqlite.Inspect(ctx, options.Database)
	if err != nil {
		return []Finding{{Name: "database", Value: options.Database, Problem: err.Error()}}
	}
	findings := []Finding{databaseFinding(i.Location, i.Unusable)}
	for _, file := range i.Files {
		findings = append(findings, fileFinding(file))
	}
	for _, directory := range i.Directories {
		findings = append(findings, directoryFinding(directory))
	}
	findings = append(findings, fileSystemFindings(i)...)
	if i.JournalMode == "" {
		return findings
	}
	findings = append(findings, schemaFinding(i.SchemaVersion, i.LatestSchema, i.Foreign), journalFinding(i), integrityFinding(i))
	return append(findings, contentFindings(i.Content, options)...)
}

// diagnoseAddress is Diagnose for a database in PostgreSQL.
func diagnoseAddress(ctx context.Context, options Options) []Finding {
	i, err := postgres.Inspect(ctx, options.Database)
	if err != nil {
		return []Finding{{Name: "database", Problem: err.Error()}}
	}
	findings := []Finding{databaseFinding(i.Location, i.Unusable)}
	if i.Server == "" {
		return findings
	}
	findings = append(findings,
		Finding{Name: "server", Value: i.ServerText(), Facts: map[string]any{"version": i.Server, "encoding": i.Encoding}},
		encryptionFinding(i), ownerFinding(i))
	if i.SchemaVersion > 0 {
		findings = append(findings, schemaFinding(i.SchemaVersion, i.LatestSchema, ""))
	}
	return append(findings, contentFindings(i.Content, options)...)
}

// databaseFinding says where the database is, and why it can't be used.
func databaseFinding(location string, unusable error) Finding {
	f := Finding{Name: "database", Value: location}
	if unusable != nil {
		f.Problem, f.Reason = unusable.Error(), tokens.ErrorReason(unusable)
	}
	return f
}

// encryptionFinding says whether others could read what goes over the network.
func encryptionFinding(i postgres.Inspection) Finding {
	f := Finding{Name: "connection", Value: cmp.Or(i.Encrypted, "not encrypted"), Facts: map[string]any{"encrypted": i.Encrypted != ""}}
	if i.Local && i.Encrypted == "" {
		f.Value = "on this machine"
	} else if i.Encrypted == "" {
		f.Problem = "whoever sees the network can read names and hashes, and answer in the server's place: set sslmode=verify-full in " +
			"the address"
	}
	return f
}

// ownerFinding says with which rights this program works.
func ownerFinding(i postgres.Inspection) Finding {
	return Finding{
		Name: "role", Value: fmt.Sprintf("%s; the schema belongs to %s", tokens.Cleaned(i.Role), tokens.Cleaned(cmp.Or(i.Owner, "nobody"))),
		Facts: map[string]any{"role": i.Role, "schema_owner": i.Owner},
	}
}

// contentFindings describe what a database holds.
func contentFindings(c store.Content, options Options) []Finding {
	if c.Database.ID == "" {
		return nil
	}
	findings := []Finding{{Name: "identity", Value: c.Database.ID}, organizationFinding(c, options)}
	if c.MovedTo != "" {
		findings = append(findings, sealFinding(c))
	}
	if c.Counts != nil {
		findings = append(findings, countsFinding(c))
	}
	if c.EphemeralEnds != nil {
		findings = append(findings, ephemeralFinding(c, options))
	}
	if c.RowsChecked {
		findings = append(findings, rowsFinding(c))
	}
	if c.Mark.Database != "" {
		findings = append(findings, serialFinding(c), historyFinding(c))
	}
	return findings
}

func fileFinding(file sqlite.File) Finding {
	f := Finding{
		Name:  "file " + filepath.Base(file.Path),
		Value: fmt.Sprintf("%s, %s", size(uint64(file.Size)), ownedMode(file)), //nolint:gosec // a size is never negative
		Facts: fileFacts(file),
	}
	f.Facts["size_bytes"] = file.Size
	if f.Problem = file.Problem; f.Problem != "" {
		return f
	}
	if runtime.GOOS != "windows" && file.Mode.IsRegular() && file.Mode.Perm() != privateMode {
		f.Problem = fmt.Sprintf("only its owner should read and write it: chmod %o %s", privateMode, file.Path)
	}
	return f
}

// directoryFinding describes a directory that holds the database, or a symbolic link to it.
func directoryFinding(d sqlite.File) Finding {
	return Finding{Name: "directory", Value: d.Path + ", " + ownedMode(d), Facts: fileFacts(d), Problem: d.Problem}
}

// fileFacts are the facts of a file or directory.
func fileFacts(file sqlite.File) map[string]any {
	facts := map[string]any{"path": file.Path, "mode": fmt.Sprintf("%04o", unixMode(file.Mode))}
	if file.Owner >= 0 {
		facts["owner_uid"] = file.Owner
	}
	return facts
}

// unixMode returns the bits of a mode as chmod takes them.
func unixMode(mode fs.FileMode) fs.FileMode {
	bits := mode.Perm()
	for bit, unix := range map[fs.FileMode]fs.FileMode{fs.ModeSetuid: 0o4000, fs.ModeSetgid: 0o2000, fs.ModeSticky: 0o1000} {
		if mode&bit != 0 {
			bits |= unix
		}
	}
	return bits
}

// ownedMode describes the mode and the owner of a file.
func ownedMode(file sqlite.File) string {
	if file.Owner < 0 {
		return file.Mode.String()
	}
	return fmt.Sprintf("%s of uid %d", file.Mode, file.Owner)
}

// fileSystem describes the file system of a directory.
type fileSystem struct {
	// kind is its name, or its number if the name is not known.
	kind string
	// network is set if other machines may write to it.
	network bool
	// free is the space that this user may fill, in bytes.
	free uint64
}

// fileSystemFindings examines the file system of a directory. SQLite's WAL needs shared memory, which file systems on a
// network don't offer.
func fileSystemFindings(i sqlite.Inspection) []Finding {
	directory := filepath.Dir(i.Location)
	system, err := inspectFileSystem(directory)
	switch {
	case errors.Is(err, errors.ErrUnsupported):
		return nil
	case errors.Is(err, os.ErrNotExist):
		return []Finding{{
			Name:    "directory",
			Value:   directory,
			Problem: "it does not exist: make it, or name another path",
		}}
	case err != nil:
		return []Finding{{Name: "directory", Value: directory, Problem: "it can't be examined: " + err.Error()}}
	}
	kind := Finding{Name: "file system", Value: system.kind, Facts: map[string]any{
		"type": system.kind, "network": system.network, "read_only": i.ReadOnly,
	}}
	if system.network {
		kind.Problem = "machines that share a network file system can damage the database: keep it on a local disk"
	}
	if i.ReadOnly {
		kind.Value += ", mounted read-only"
		return []Finding{kind}
	}
	space := Finding{Name: "free space", Value: size(system.free), Facts: map[string]any{"free_bytes": system.free}}
	if system.free < littleSpace {
		space.Problem = "the disk is almost full: free some space, or changes will fail soon"
	}
	return []Finding{kind, space}
}

func schemaFinding(version, latest int, foreign string) Finding {
	f := Finding{
		Name:  "schema",
		Value: fmt.Sprintf("version %d (this program writes version %d)", version, latest),
		Facts: map[string]any{"version": version, "latest_version": latest},
	}
	if foreign != "" {
		f.Problem = foreign + ": Latchkey did not make that, and does not work with it: keep a copy of all files of the " +
			"database, and restore it from a backup"
	}
	return f
}

func journalFinding(i sqlite.Inspection) Finding {
	f := Finding{Name: "journal mode", Value: i.JournalMode}
	if i.JournalMode != "wal" {
		f.Problem = "another tool set this mode, in which readers and writers block each other: " +
			"set it back with sqlite3 FILE 'PRAGMA journal_mode = WAL'"
	}
	return f
}

func integrityFinding(i sqlite.Inspection) Finding {
	if len(i.Damage) == 0 {
		return Finding{Name: "integrity", Value: "sound"}
	}
	return Finding{
		Name:    "integrity",
		Value:   "damaged",
		Problem: strings.Join(i.Damage, "; ") + ": keep a copy of all its files, and restore it from a backup",
	}
}

func rowsFinding(i store.Content) Finding {
	if len(i.Unsound) == 0 {
		return Finding{Name: "rows", Value: "sound"}
	}
	return Finding{
		Name:  "rows",
		Value: "not sound",
		Problem: "Latchkey can't have written " + strings.Join(i.Unsound, "; ") +
			": keep a copy of all its files, and restore it from a backup",
	}
}

// sealFinding says where the database was moved to.
func sealFinding(c store.Content) Finding {
	return Finding{
		Name: "seal", Value: "moved to " + tokens.Cleaned(c.MovedTo), Facts: map[string]any{"moved_to": c.MovedTo},
		Problem: "nothing counts here any more: name the other database in its place", Reason: tokens.ReasonMoved,
	}
}

// serialFinding says how far the database goes, to tell its copies apart.
func serialFinding(i store.Content) Finding {
	f := Finding{
		Name: "serial", Value: "0 (changes are counted from the next one on)", Facts: map[string]any{"serial": i.Mark.Serial},
	}
	if i.Mark.Serial > 0 {
		f.Facts["changed_at"] = tokens.FormatTimestamp(i.Mark.At)
		f.Value = fmt.Sprintf("%d, of %s", i.Mark.Serial, f.Facts["changed_at"])
	}
	return f
}

// historyFinding says how far the history goes, for whoever keeps that elsewhere, and whether it is whole.
func historyFinding(i store.Content) Finding {
	f := Finding{Name: "history", Value: i.Head.String(), Facts: map[string]any{"head": i.Head.String()}}
	if i.Head == (tokens.Head{}) {
		f.Value = "events get hashes from the next change on"
	}
	if i.Broken != nil {
		f.Problem = "the audit log was changed: " + i.Broken.String() + ": find out who can write the file, and keep a copy of all " +
			"its files; tokens work all the same"
	}
	return f
}

func organizationFinding(i store.Content, options Options) Finding {
	f := Finding{Name: "organization", Value: i.Database.Organization}
	if options.Organization != "" && options.Organization != f.Value {
		f.Problem = fmt.Sprintf("organization %q was expected: set organization to %q, or name another database",
			options.Organization, f.Value)
	}
	return f
}

func countsFinding(i store.Content) Finding {
	texts, facts := make([]string, len(i.Counts)), map[string]any{}
	for n, count := range i.Counts {
		texts[n] = count.String()
		facts[count.Key()] = count.Number
	}
	return Finding{Name: "objects", Value: strings.Join(texts, ", "), Facts: facts}
}

// ephemeralFinding counts the ephemeral tokens, and those of them that no run deleted. They do no harm: they have expired.
func ephemeralFinding(c store.Content, options Options) Finding {
	now, leftOver := options.Now(), 0
	for _, end := range c.EphemeralEnds {
		if !end.After(now) {
			leftOver++
		}
	}
	f := Finding{
		Name: "ephemeral tokens", Value: "none",
		Facts: map[string]any{"ephemeral_tokens": len(c.EphemeralEnds), "left_over": leftOver},
	}
	if n := len(c.EphemeralEnds); n > 0 {
		f.Value = fmt.Sprintf("%d, none of which has expired", n)
	}
	if leftOver > 0 {
		f.Value = fmt.Sprintf("%d, of which %d expired and were left over by runs: the next ephemeral token of the same "+
			"technical user deletes them", len(c.EphemeralEnds), leftOver)
	}
	return f
}

// size formats a number of bytes for people.
func size(bytes uint64) string {
	const kibi = 1024
	if bytes < kibi {
		return tokens.Counted(bytes, "byte")
	}
	value, unit := float64(bytes)/kibi, 0
	for value >= kibi && unit < len("KMGTPE")-1 {
		value, unit = value/kibi, unit+1
	}
	return fmt.Sprintf("%.1f %ciB", value, "KMGTPE"[unit])
}

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// place is where a database lies, as far as it decides whether what is there can be trusted. SQLite takes the files
// beside a database for parts of it, so whoever can put one there can write the database.
type place struct {
	// caller is the user that this program runs as.
	caller user
	// database is the file; nil where there is none.
	database *ownedFile
	// neighbours are the files beside it that SQLite would use.
	neighbours []ownedFile
	// usesLog means that the database keeps a write-ahead log, and so never a rollback journal.
	usesLog bool
	// directories hold the file or, where the path leads to it by symbolic links, one of those.
	directories []directory
	// trusted is the one directory that may be writable by everybody; empty for none.
	trusted string
}

// user is the number of a user.
type user int

// root may do anything anyway.
const root user = 0

// ownedFile is a file with its owner.
type ownedFile struct {
	path  string
	owner user
	mode  fs.FileMode
}

// directory is a directory that holds a file.
type directory struct {
	path string
	mode fs.FileMode
	// isTrusted means that it is the one that may be writable by everybody.
	isTrusted bool
}

// problems returns why the place can't be trusted; none where it can.
func (p place) problems() (all []problem) {
	for _, d := range p.directories {
		if d.mode.Perm()&0o002 != 0 && !d.isTrusted {
			all = append(all, problem{d.path, p.openDirectory(d)})
		}
	}
	if p.database == nil {
		return all
	}
	if owner := p.database.owner; owner != p.caller && owner != root && p.caller != root {
		all = append(all, problem{p.database.path, fmt.Sprintf("%s belongs to another user (uid %d), who can make it say "+
			"anything: run this program as that user, or use a database of your own", p.database.path, owner)})
	}
	for _, n := range p.neighbours {
		switch {
		case n.path == p.database.path+"-journal" && p.usesLog:
			all = append(all, problem{n.path, fmt.Sprintf("the rollback journal %s stands beside the database, which keeps a "+
				"write-ahead log and so never has one, and SQLite would write what it holds into the database: "+
				"find out who put it there, and move it away", n.path)})
		case n.owner != p.database.owner && n.owner != p.caller && n.owner != root:
			all = append(all, problem{n.path, fmt.Sprintf("%s belongs to another user (uid %d) than the database (uid %d), and "+
				"SQLite would take what it holds for a part of the database: find out who put it there, and move it away",
				n.path, n.owner, p.database.owner)})
		case !n.mode.IsRegular():
			all = append(all, problem{n.path, fmt.Sprintf("%s is not a regular file (%s), and SQLite would take it for a part "+
				"of the database: find out who put it there, and move it away", n.path, n.mode)})
		}
	}
	return all
}

// openDirectory says why a directory can't be trusted.
func (p place) openDirectory(d directory) string {
	text := fmt.Sprintf("everybody may write to the directory %s (%s), and so put files beside the database that SQLite "+
		"takes for parts of it: keep the database in a directory to which only its owner can write, "+
		"or set %s to exactly %s if you trust everybody who can write there",
		d.path, d.mode, tokens.TrustDirectoryVariable, d.path)
	if p.trusted != "" {
		text += fmt.Sprintf("; now it names %q", p.trusted)
	}
	return text
}

// problem says why a file or directory can't be trusted.
type problem struct{ path, text string }

// checkPlace refuses a place that can't be trusted.
func (f databaseFile) checkPlace(ctx context.Context) error {
	p, err := f.place(ctx)
	if err != nil {
		return err
	}
	if problems := p.problems(); len(problems) > 0 {
		return f.explainDistrust(problems)
	}
	return nil
}

// explainDistrust is the error of the first of some problems.
func (f databaseFile) explainDistrust(problems []problem) error {
	return tokens.Unavailable(nil, "database %s can't be trusted where it is: %s; nothing was read or changed",
		f.path, problems[0].text)
}

// place finds out where the database lies. What can't be reached is left to the one who opens it.
func (f databaseFile) place(ctx context.Context) (p place, err error) {
	if !hasOwners {
		return p, nil
	}
	p = place{caller: user(os.Geteuid()), trusted: f.trusted}
	path, directories := f.followLinks()
	for _, d := range directories {
		info, err := os.Stat(d)
		if err != nil {
			continue
		}
		p.directories = append(p.directories, directory{d, info.Mode(), f.trusts(info)})
	}
	p.database, err = lookAt(path)
	if err != nil || p.database == nil {
		return p, err
	}
	for _, suffix := range fileSuffixes[1:] {
		neighbour, err := lookAt(path + suffix)
		if err != nil {
			return p, err
		}
		if neighbour != nil {
			p.neighbours = append(p.neighbours, *neighbour)
		}
	}
	if slices.ContainsFunc(p.neighbours, func(n ownedFile) bool { return n.path == path+"-journal" }) {
		p.usesLog = f.mayUseLog(ctx)
	}
	return p, nil
}

// followLinks returns the path of the file itself, beside which SQLite looks for its other files, and the directories
// that hold it and the symbolic links to it.
func (f databaseFile) followLinks() (path string, directories []string) {
	const mostLinks = 40 // as many as Linux follows
	path = f.path
	for range mostLinks {
		holder := filepath.Dir(path)
		directories = append(directories, holder)
		if target, err := filepath.EvalSymlinks(holder); err == nil {
			path = filepath.Join(target, filepath.Base(path))
		}
		target, err := os.Readlink(path)
		if err != nil {
			break
		}
		if !filepath.IsAbs(target) {
			target = filepath.Join(filepath.Dir(path), target)
		}
		path = target
	}
	return path, directories
}

// trusts reports whether a directory is exactly the one that the environment trusts.
func (f databaseFile) trusts(directory fs.FileInfo) bool {
	if !filepath.IsAbs(f.trusted) {
		return false
	}
	trusted, err := os.Stat(f.trusted)
	return err == nil && os.SameFile(trusted, directory)
}

// lookAt returns a file with its owner, and doesn't follow links; nil where there is none.
func lookAt(path string) (*ownedFile, error) {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, nil //nolint:nilerr // whoever opens the file explains it
	}
	owner, ok := ownerOf(info)
	if !ok {
		return nil, tokens.Unavailable(nil, "the operating system does not say to whom %s belongs", path)
	}
	return &ownedFile{path, owner, info.Mode()}, nil
}

// mayUseLog reports whether the file says that it keeps a write-ahead log, or can't be asked.
func (f databaseFile) mayUseLog(ctx context.Context) bool {
	mode, err := f.headerMode(ctx)
	return err != nil || mode == "wal"
}

// headerMode returns the journal mode in the header of the file, which it reads without any file beside it.
func (f databaseFile) headerMode(ctx context.Context) (mode string, err error) {
	db, err := f.pool(still)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return journalModeInHeader(ctx, db)
}

// journalModeInHeader returns the journal mode in the header of a file, whatever connection it is read by.
func journalModeInHeader(ctx context.Context, db *sql.DB) (string, error) {
	var versions []byte // that a program must have to write, and to read the file
	err := db.QueryRowContext(ctx, `SELECT substr(data, 19, 2) FROM sqlite_dbpage('main') WHERE pgno = 1`).Scan(&versions)
	if err != nil {
		return "", err
	}
	if slices.Contains(versions, 2) {
		return "wal", nil
	}
	return "delete", nil
}

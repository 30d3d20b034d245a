package sqlite

import (
	"io/fs"
	"slices"
	"testing"
)

// Who may own which file, and who may write to which directory.
func TestPlaceProblems(t *testing.T) {
	const (
		db, wal, shm, journal = "/srv/latchkey.db", "/srv/latchkey.db-wal", "/srv/latchkey.db-shm", "/srv/latchkey.db-journal"
		anna, ben, cleo       = user(1000), user(1001), user(1002)
		private, group        = fs.ModeDir | 0o700, fs.ModeDir | 0o775
		open, sticky          = fs.ModeDir | 0o777, fs.ModeDir | fs.ModeSticky | 0o777
		link                  = fs.ModeSymlink | 0o777
	)
	file := func(path string, owner user) ownedFile { return ownedFile{path, owner, 0o600} }
	for _, test := range []struct {
		name    string
		caller  user
		owner   user
		files   []ownedFile
		isPlain bool // without a write-ahead log
		mode    fs.FileMode
		trusted bool
		want    []string
	}{
		{name: "own", caller: anna, owner: anna},
		{name: "root's", caller: anna, owner: root},
		{name: "anyone's for root", caller: root, owner: anna},
		{name: "root's for root", caller: root, owner: root},
		{name: "another's", caller: anna, owner: ben, want: []string{db}},

		{name: "own log", caller: anna, owner: anna, files: []ownedFile{file(wal, anna), file(shm, anna)}},
		{name: "root's log beside an own database", caller: anna, owner: anna, files: []ownedFile{file(wal, root), file(shm, root)}},
		{name: "own log beside root's database", caller: anna, owner: root, files: []ownedFile{file(wal, anna), file(shm, anna)}},
		{name: "the owner's log for root", caller: root, owner: anna, files: []ownedFile{file(wal, anna), file(shm, anna)}},
		{name: "another's log", caller: anna, owner: anna, files: []ownedFile{file(wal, ben)}, want: []string{wal}},
		{name: "another's shared memory", caller: anna, owner: anna, files: []ownedFile{file(shm, ben)}, want: []string{shm}},
		{name: "another's log beside root's database", caller: anna, owner: root, files: []ownedFile{file(wal, ben)}, want: []string{wal}},
		{name: "another's log for root", caller: root, owner: root, files: []ownedFile{file(wal, ben)}, want: []string{wal}},
		{name: "a third one's log for root", caller: root, owner: anna, files: []ownedFile{file(wal, cleo)}, want: []string{wal}},
		{name: "a link as log", caller: anna, owner: anna, files: []ownedFile{{wal, anna, link}}, want: []string{wal}},
		{name: "all of it another's", caller: anna, owner: ben, files: []ownedFile{file(wal, ben), file(shm, cleo)},
			want: []string{db, shm}},

		{name: "own rollback journal beside a log", caller: anna, owner: anna, files: []ownedFile{file(journal, anna)}, want: []string{journal}},
		{name: "root's rollback journal beside a log", caller: anna, owner: root, files: []ownedFile{file(journal, root)}, want: []string{journal}},
		{name: "another's rollback journal beside a log", caller: root, owner: root, files: []ownedFile{file(journal, ben)}, want: []string{journal}},
		{name: "own rollback journal", caller: anna, owner: anna, files: []ownedFile{file(journal, anna)}, isPlain: true},
		{name: "another's rollback journal", caller: anna, owner: anna, files: []ownedFile{file(journal, ben)}, isPlain: true,
			want: []string{journal}},

		{name: "a group's directory", caller: anna, owner: anna, mode: group},
		{name: "an open directory", caller: anna, owner: anna, mode: open, want: []string{"/srv"}},
		{name: "a sticky directory", caller: anna, owner: anna, mode: sticky, want: []string{"/srv"}},
		{name: "an open directory for root", caller: root, owner: root, mode: open, want: []string{"/srv"}},
		{name: "a trusted directory", caller: anna, owner: anna, mode: open, trusted: true},
		{name: "a trusted sticky directory", caller: root, owner: root, mode: sticky, trusted: true},
		{name: "another's in a trusted directory", caller: anna, owner: ben, mode: open, trusted: true, want: []string{db}},
		{name: "another's log in a trusted directory", caller: anna, owner: anna, mode: sticky, trusted: true,
			files: []ownedFile{file(wal, ben)}, want: []string{wal}},
		{name: "a rollback journal in a trusted directory", caller: anna, owner: anna, mode: sticky, trusted: true,
			files: []ownedFile{file(journal, anna)}, want: []string{journal}},
		{name: "no database in a private directory", caller: anna, owner: -1},
		{name: "no database in an open directory", caller: anna, owner: -1, mode: open, want: []string{"/srv"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			mode := private
			if test.mode != 0 {
				mode = test.mode
			}
			p := place{caller: test.caller, neighbours: test.files, usesLog: !test.isPlain,
				directories: []directory{{"/srv", mode, test.trusted}}}
			if test.owner >= 0 {
				p.database = &ownedFile{db, test.owner, 0o600}
			}
			var got []string
			for _, problem := range p.problems() {
				got = append(got, problem.path)
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("got problems with %v, want %v", got, test.want)
			}
		})
	}
}

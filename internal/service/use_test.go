package service

import (
	"context"
	"crypto/rand"
	"errors"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// noon is when the tests of uses begin.
var noon = time.Date(2030, time.June, 1, 12, 0, 0, 0, time.UTC)

// seen returns what is held of the uses of a token: the last use of each version.
func (u *useRecord) seen(tokenID string) map[int64]time.Time {
	all := map[int64]time.Time{}
	u.each(tokenID, func(version int64, last time.Time) {
		if last.After(all[version]) {
			all[version] = last
		}
	})
	return all
}

// total returns how often each secret of a token was used, of the uses that somebody took.
func total(taken map[string]*secretUses, tokenID string) map[int64]int64 {
	all := map[int64]int64{}
	for one := taken[tokenID]; one != nil; one = one.other {
		all[one.version] += one.count
	}
	return all
}

// Every use is counted once, whatever becomes of a flush, an earlier use never replaces a later one, and all are to be
// seen until they are written.
func TestUseRecord(t *testing.T) {
	after := func(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }
	var u useRecord
	note := func(tokenID string, version int64, seconds int) {
		u.note(tokenID, version, after(seconds).UnixMicro())
	}
	seen := func(when, tokenID string, want map[int64]time.Time) {
		t.Helper()
		if got := u.seen(tokenID); !maps.Equal(got, want) {
			t.Errorf("%s: the last uses of %s are %v, want %v", when, tokenID, got, want)
		}
	}
	counted := func(when string, taken map[string]*secretUses, tokenID string, want map[int64]int64) {
		t.Helper()
		if got := total(taken, tokenID); !maps.Equal(got, want) {
			t.Errorf("%s: the uses of %s are %v, want %v", when, tokenID, got, want)
		}
	}

	note("a", 1, 10)
	note("a", 2, 20)
	note("a", 1, 5)
	note("a", 3, 1)
	note("b", 1, 2)
	seen("at first", "a", map[int64]time.Time{1: after(10), 2: after(20), 3: after(1)})
	seen("at first", "c", map[int64]time.Time{})

	taken := u.take()
	counted("at first", taken, "a", map[int64]int64{1: 2, 2: 1, 3: 1})
	counted("at first", taken, "b", map[int64]int64{1: 1})
	note("a", 2, 30)
	note("b", 2, 30)
	seen("during a flush", "a", map[int64]time.Time{1: after(10), 2: after(30), 3: after(1)})
	u.flushed([]string{"a"})
	seen("after one that failed", "a", map[int64]time.Time{1: after(10), 2: after(30), 3: after(1)})
	seen("after one that failed", "b", map[int64]time.Time{2: after(30)})

	taken = u.take()
	if got := slices.Sorted(maps.Keys(taken)); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("the second flush writes the uses of %v", got)
	}
	counted("of the second flush", taken, "a", map[int64]int64{1: 2, 2: 2, 3: 1})
	counted("of the second flush", taken, "b", map[int64]int64{2: 1})
	u.flushed(nil)
	seen("after the second flush", "a", map[int64]time.Time{})
	if again := u.take(); len(again) != 0 {
		t.Errorf("uses are written twice: %v", again)
	}
}

// A use of a secret that was used since the last flush costs no memory.
func TestNotingAUseAllocatesNothing(t *testing.T) {
	s := &Service{}
	tokenID := tokens.NewID(tokens.KindAccessToken, noon)
	record := func() {
		s.RecordUse(tokenID, 1, noon)
		s.RecordUse(tokenID, 2, noon)
	}
	record()
	if n := testing.AllocsPerRun(100, record); n != 0 {
		t.Errorf("two uses make %v allocations, want none", n)
	}
}

// Others write between the transactions of a flush.
func TestOthersWriteDuringAFlush(t *testing.T) {
	options := Options{Database: filepath.Join(t.TempDir(), "latchkey.db"), Now: time.Now}
	s, others := Open(options), Open(options).As(tokens.AsDatabaseOwner("local:ben@host"))
	write := func() {
		group := tokens.NewGroup{
			Request:       tokens.NewRequest(time.Now()),
			GroupSettings: tokens.GroupSettings{Name: strings.ToLower(rand.Text())},
		}
		if _, err := others.CreateGroup(t.Context(), group); err != nil {
			t.Error(err)
		}
	}
	write()
	for i := range 2*usesAtOnce + 1 {
		s.RecordUse(strconv.Itoa(i), 1, noon)
	}
	pauses := 0
	done, err := s.flush(t.Context(), func(context.Context) error {
		pauses++
		write()
		return nil
	})
	if err != nil || done.Tokens != 2*usesAtOnce+1 || pauses != 3 {
		t.Errorf("wrote %+v with %d pauses, %v", done, pauses, err)
	}
	if err := errors.Join(s.Close(), others.Close()); err != nil {
		t.Error(err)
	}
}

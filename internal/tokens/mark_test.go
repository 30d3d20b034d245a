package tokens_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// noon is when the databases of these tests were made.
var noon = time.Date(2030, time.June, 1, 12, 0, 0, 0, time.UTC)

// A mark survives its text.
func TestMarkText(t *testing.T) {
	m := tokens.Mark{
		Database: tokens.NewID(tokens.KindDatabase, noon), Serial: 4711, Value: tokens.NewMarkValue(),
		At: noon.Add(1234567 * time.Microsecond),
	}
	for _, mark := range []tokens.Mark{m, {Database: m.Database}, {}} {
		got, err := tokens.ParseMark(mark.Database, mark.Text())
		if err != nil || !got.At.Equal(mark.At) || got.Serial != mark.Serial || got.Value != mark.Value ||
			got.Database != mark.Database {
			t.Errorf("%q: got %+v, %v; want %+v", mark.Text(), got, err, mark)
		}
	}
	if text := m.Text(); len(text) > 30 {
		t.Errorf("%q has %d characters, which each object of a state holds", text, len(text))
	}
	for _, text := range []string{
		"x", "1", "1.2.3", "1." + m.Value, "0." + m.Value + ".1", "-1." + m.Value + ".1", "1." + m.Value + ".", "1." + m.Value + ".1.1",
		"1." + m.Value[1:] + ".1", "1.!" + m.Value[1:] + ".1", "zzzzzzzzzzzzzzzzz." + m.Value + ".1",
	} {
		if got, err := tokens.ParseMark(m.Database, text); err == nil {
			t.Errorf("%q: got %+v, want an error", text, got)
		}
	}
}

// What a caller has seen of a database decides whether it believes the one that it reaches.
func TestPast(t *testing.T) {
	const ours, theirs = "AAAAAAAAAAA", "BBBBBBBBBBA"
	id, other := tokens.NewID(tokens.KindDatabase, noon), tokens.NewID(tokens.KindDatabase, noon)
	at := func(serial int64) time.Time { return noon.Add(time.Duration(serial) * time.Hour) }
	mark := func(serial int64, value string) tokens.Mark {
		return tokens.Mark{Database: id, Serial: serial, Value: value, At: at(serial)}
	}
	uncounted := tokens.Mark{Database: id}
	for _, test := range []struct {
		name   string
		past   tokens.Past
		seen   tokens.Mark
		reason tokens.Reason // empty if the database is believed
		words  []string
	}{
		{name: "its newest change", past: tokens.Past{Newest: mark(5, ours), SameSerial: ours}, seen: mark(5, ours)},
		{name: "a change before", past: tokens.Past{Newest: mark(9, theirs), SameSerial: ours}, seen: mark(5, ours)},
		{name: "no change", past: tokens.Past{Newest: mark(5, ours)}, seen: uncounted},
		{name: "no change of a database that counts none", past: tokens.Past{Newest: uncounted}, seen: uncounted},
		{
			name: "an older copy", past: tokens.Past{Newest: mark(3, ours)}, seen: mark(5, ours),
			reason: tokens.ReasonOlderDatabase,
			words:  []string{"older copy", "2030-06-01T15:00:00Z (change 3)", "2030-06-01T17:00:00Z (change 5)", "nothing was changed"},
		},
		{
			name: "a copy from before changes were counted", past: tokens.Past{Newest: uncounted}, seen: mark(5, ours),
			reason: tokens.ReasonOlderDatabase, words: []string{"older copy", "until a time before its changes were counted"},
		},
		{
			name: "two copies, changed as often", past: tokens.Past{Newest: mark(5, theirs), SameSerial: theirs},
			seen: mark(5, ours), reason: tokens.ReasonForkedDatabase, words: []string{"went its own way", "(change 5)"},
		},
		{
			name: "a copy that was changed more often", past: tokens.Past{Newest: mark(9, theirs), SameSerial: theirs},
			seen: mark(5, ours), reason: tokens.ReasonForkedDatabase, words: []string{"went its own way", "(change 9)"},
		},
		{
			name: "another database", past: tokens.Past{Newest: tokens.Mark{Database: other, Serial: 5, Value: ours}, SameSerial: ours},
			seen: mark(5, ours), reason: tokens.ReasonWrongDatabase, words: []string{id, other},
		},
		{
			name: "another database, of which nothing was seen", past: tokens.Past{Newest: tokens.Mark{Database: other}},
			seen: uncounted, reason: tokens.ReasonWrongDatabase, words: []string{id, other},
		},
		{
			name: "put back since", past: tokens.Past{Newest: mark(3, ours), KnownUntil: at(6)}, seen: mark(5, ours),
		},
		{
			name: "put back at that time", past: tokens.Past{Newest: mark(3, ours), KnownUntil: at(5)}, seen: mark(5, ours),
		},
		{
			name: "put back before", past: tokens.Past{Newest: mark(3, ours), KnownUntil: at(4)}, seen: mark(5, ours),
			reason: tokens.ReasonOlderDatabase,
		},
		{
			name: "another database, put back since", seen: mark(5, ours), reason: tokens.ReasonWrongDatabase,
			past: tokens.Past{Newest: tokens.Mark{Database: other}, KnownUntil: at(9)},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.past.Location = "/srv/latchkey.db"
			err := test.past.Check(test.seen)
			if believed := test.reason == ""; (err == nil) != believed || test.past.Knows(test.seen) != believed {
				t.Fatalf("got %v", err)
			}
			if err == nil {
				return
			}
			if tokens.ErrorCode(err) != tokens.CodeUnavailable || tokens.ErrorReason(err) != test.reason {
				t.Errorf("got code %s, reason %s", tokens.ErrorCode(err), tokens.ErrorReason(err))
			}
			for _, word := range append(test.words, "/srv/latchkey.db") {
				if !strings.Contains(err.Error(), word) {
					t.Errorf("%q does not say %q", err, word)
				}
			}
		})
	}
}

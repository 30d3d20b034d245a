package tokens_test

import (
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// TestMarkRange judges marks by a range as by the past that a database tells of each.
func TestMarkRange(t *testing.T) {
	at := time.Unix(1_700_000_000, 0).UTC()
	database, other := tokens.NewID(tokens.KindDatabase, at), tokens.NewID(tokens.KindDatabase, at)
	values := make([]string, 10)
	for i := range values {
		values[i] = tokens.NewMarkValue()
	}
	mark := func(serial int64) tokens.Mark {
		return tokens.Mark{Database: database, Serial: serial, Value: values[serial-1], At: at.Add(time.Duration(serial) * time.Second)}
	}
	whole := tokens.MarkRange{Location: "x", Newest: mark(8), First: 1, Values: values[:8]}
	part := tokens.MarkRange{Location: "x", Newest: mark(8), First: 3, Values: values[2:5]}
	putBack := whole
	putBack.KnownUntil = mark(10).At
	forked := mark(4)
	forked.Value = tokens.NewMarkValue()
	for name, test := range map[string]struct {
		marks  tokens.MarkRange
		seen   tokens.Mark
		known  bool
		reason tokens.Reason
	}{
		"a change that is there":      {whole, mark(4), true, ""},
		"the newest":                  {whole, mark(8), true, ""},
		"none":                        {part, tokens.Mark{Database: database}, true, ""},
		"another database":            {part, tokens.Mark{Database: other, Serial: 1, Value: values[0]}, true, tokens.ReasonWrongDatabase},
		"a later change":              {part, mark(9), true, tokens.ReasonOlderDatabase},
		"a change of another copy":    {whole, forked, true, tokens.ReasonForkedDatabase},
		"a change of one put back":    {putBack, forked, true, ""},
		"a later one before put back": {putBack, mark(9), true, ""},
		"the first of a part":         {part, mark(3), true, ""},
		"the last of a part":          {part, mark(5), true, ""},
		"before a part":               {part, mark(2), false, ""},
		"after a part":                {part, mark(6), false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			past, known := test.marks.Past(test.seen)
			if known != test.known {
				t.Fatalf("the range tells: %t", known)
			}
			if err := past.Check(test.seen); known && tokens.ErrorReason(err) != test.reason {
				t.Errorf("got %v, want the reason %q", err, test.reason)
			}
		})
	}
	for _, asked := range []struct {
		first int64
		limit int
		field string
	}{{-1, 0, "first"}, {1, -1, "limit"}, {1, tokens.MostMarks + 1, "limit"}} {
		if err := tokens.ValidateMarkRange(asked.first, asked.limit); tokens.ErrorCode(err) != tokens.CodeInvalid {
			t.Errorf("%+v: %v", asked, err)
		}
	}
}

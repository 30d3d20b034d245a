package tokens_test

import (
	"strings"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestParseGrace(t *testing.T) {
	for _, test := range []struct {
		text, formatted string
		want            tokens.Grace
		problem         string
	}{
		{"0s", "0s", tokens.Grace{}, ""},
		{"0d", "0s", tokens.Grace{}, ""},
		{"36h", "1d12h", tokens.Grace{Duration: 36 * time.Hour}, ""},
		{"until_expiry", "until_expiry", tokens.Grace{UntilExpiry: true}, ""},
		{"", "", tokens.Grace{}, "neither a duration"},
		{"-1h", "", tokens.Grace{}, `"-1h" is neither a duration, as in "0s", "36h" or "7d", nor "until_expiry"`},
		{"forever", "", tokens.Grace{}, "neither a duration"},
		{"36501d", "", tokens.Grace{}, "too long"},
		{"1000000000000d", "", tokens.Grace{}, "too long"},
	} {
		t.Run(test.text, func(t *testing.T) {
			got, err := tokens.ParseGrace("grace_period", test.text)
			if test.problem != "" {
				if err == nil || !strings.Contains(err.Error(), test.problem) {
					t.Errorf("got %v, want an error that says %q", err, test.problem)
				}
				return
			}
			if err != nil || got != test.want || got.String() != test.formatted {
				t.Errorf("got %+v (%s), %v; want %+v", got, got, err, test.want)
			}
		})
	}
}

func TestShortenedGrace(t *testing.T) {
	var unchanged *tokens.Grace
	lasting := func(d time.Duration) *tokens.Grace { return &tokens.Grace{Duration: d} }
	never, ended := time.Time{}, time.Time{}
	regenerated, end := now, now.Add(10*time.Hour)
	for _, test := range []struct {
		name          string
		grace         *tokens.Grace
		secretExpires time.Time
		want          time.Time
	}{
		{"nothing changed", unchanged, never, end},
		{"shortened", lasting(time.Hour), never, regenerated.Add(time.Hour)},
		{"lengthened", lasting(20 * time.Hour), never, end},
		{"until the expiry", &tokens.Grace{UntilExpiry: true}, end.Add(day), end},
		{"to none", lasting(0), never, ended},
		{"the token ends later", unchanged, end.Add(day), end},
		{"the token ends sooner", unchanged, regenerated.Add(time.Minute), regenerated.Add(time.Minute)},
		{"the token ends sooner than the shortened grace", lasting(time.Hour), regenerated.Add(time.Minute),
			regenerated.Add(time.Minute)},
		{"the token ended before", unchanged, regenerated.Add(-time.Minute), ended},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := tokens.ShortenedGrace(end, regenerated, test.grace, test.secretExpires); !got.Equal(test.want) {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

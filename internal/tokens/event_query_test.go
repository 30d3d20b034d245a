package tokens_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// A refusal may list what is missing in each of many groups. The event of it stays within what can be read again.
func TestEventDetail(t *testing.T) {
	for _, text := range []string{"", "short", strings.Repeat("ä", 4096)} {
		if got := tokens.EventDetail(text); got != text {
			t.Errorf("%.10q… of %d characters became %d", text, utf8.RuneCountInString(text), utf8.RuneCountInString(got))
		}
	}
	long := tokens.EventDetail(strings.Repeat("ä", 100_000))
	if n := utf8.RuneCountInString(long); n != 4096 || !strings.HasSuffix(long, "ä…") {
		t.Errorf("a long text became %d characters that end with %q", n, long[len(long)-10:])
	}
	refusal := tokens.Caller{Name: "eve"}.MayGrant("", manyPermissions())
	details := tokens.RefusalDetails(refusal)
	if err := details.Validate(); err != nil || len(details.Permissions) == 0 {
		t.Errorf("the details of a long refusal are not valid: %v", err)
	}
}

// manyPermissions is more than anybody holds.
func manyPermissions() tokens.Access {
	var all []string
	for i := range 200 {
		all = append(all, "orders:"+strings.Repeat("x", i+1))
	}
	return tokens.Access{Organization: tokens.NewPermissions(all...)}
}

package cli

import (
	"fmt"
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestExplain(t *testing.T) {
	missing := tokens.Unavailable(nil, "there is no database").Because(tokens.ReasonNoDatabase)
	another := tokens.Conflict("", "", "another database").Because(tokens.ReasonOtherDatabase)
	for want, err := range map[string]error{
		"unable to list: there is no database; --database or LATCHKEY_DATABASE names another one, " +
			"and the first apply or latchkey token create makes one": fmt.Errorf("unable to list: %w", missing),
		"another database; say --replace-another to replace it all the same": another,
		"name: empty": tokens.Invalid("name", "empty"),
	} {
		if got := explain(err); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

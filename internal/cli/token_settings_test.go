package cli

import (
	"reflect"
	"testing"

	"github.com/alecthomas/kong"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// TestEverySettingFlagIsRead gives each flag of the settings by itself. A flag that flags forgets would do nothing.
func TestEverySettingFlagIsRead(t *testing.T) {
	var settings tokenSettings
	parser, err := kong.New(&settings, kong.Vars{"visibilities": "", "expiry_policies": "", "drift_policies": ""})
	if err != nil {
		t.Fatal(err)
	}
	for _, flag := range parser.Model.Flags {
		if flag.Target.Type() != reflect.TypeFor[*string]() {
			continue // help, and the roles in groups, which take a look-up
		}
		settings = tokenSettings{}
		flag.Target.Set(reflect.ValueOf(new("x")))
		var read []string
		for _, s := range settings.flags(new(tokens.Settings)) {
			if s.value != nil {
				read = append(read, s.name)
			}
		}
		if len(read) != 1 || read[0] != "--"+flag.Name {
			t.Errorf("--%s is read as %q", flag.Name, read)
		}
	}
}

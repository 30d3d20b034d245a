//go:build !windows

package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The provider's libraries write no trace lines unless a user asks for logs; then they write all of them.
func TestLibraryLogs(t *testing.T) {
	for _, test := range []struct {
		name string
		env  []string
		want bool
	}{
		{name: "nobody asks"},
		{name: "TF_LOG", env: []string{"TF_LOG=trace"}, want: true},
		{name: "TF_LOG_PROVIDER", env: []string{"TF_LOG_PROVIDER=trace"}, want: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			w := newWorkspace(t)
			w.env = test.env
			w.configure(`resource "latchkey_access_token" "deploy" { name = "deploy" }`)
			stderr := w.keepProviderStderr()
			w.terraform("apply").exits(0)

			written, err := os.ReadFile(stderr)
			if err != nil {
				t.Fatal(err)
			}
			for _, module := range []string{"sdk.proto", "sdk.framework"} {
				if got := strings.Contains(string(written), module); got != test.want {
					t.Errorf("the provider wrote lines of %s: %t, want %t", module, got, test.want)
				}
			}
		})
	}
}

// keepProviderStderr has Terraform start the provider by a script that keeps what the provider writes on standard
// error, which is how its logs reach Terraform. It returns the path of what is kept.
func (w *workspace) keepProviderStderr() string {
	w.t.Helper()
	stderr := w.path("stderr.txt")
	script := w.path("bin/" + filepath.Base(binary(w.t)))
	if err := os.Mkdir(filepath.Dir(script), 0o700); err != nil {
		w.t.Fatal(err)
	}
	text := "#!/bin/sh\nexec '" + binary(w.t) + "' \"$@\" 2>>'" + stderr + "'\n"
	if err := os.WriteFile(script, []byte(text), 0o700); err != nil {
		w.t.Fatal(err)
	}
	w.useProvider("latchkey-dev/latchkey", filepath.Dir(script))
	return stderr
}

package main

import (
	"runtime/debug"
	"testing"
)

func TestProgramVersion(t *testing.T) {
	for _, test := range []struct {
		name, given string
		info        *debug.BuildInfo
		want        string
	}{
		{"a release", "0.1.0", &debug.BuildInfo{Main: debug.Module{Version: "v0.2.0"}}, "0.1.0"},
		{"go install", "", &debug.BuildInfo{Main: debug.Module{Version: "v0.2.0"}}, "0.2.0"},
		{"go install of a commit", "", &debug.BuildInfo{Main: debug.Module{Version: "v0.0.0-20261126150405-0a25ecc12345"}},
			"0.0.0-20261126150405-0a25ecc12345"},
		{"go build", "", &debug.BuildInfo{Main: debug.Module{Version: "(devel)"}}, "dev"},
		{"a build without a module", "", &debug.BuildInfo{}, "dev"},
		{"no information", "", nil, "dev"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := programVersion(test.given, test.info); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

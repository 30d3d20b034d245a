package main

import (
	"testing"
	"time"
)

func TestStartedByTerraform(t *testing.T) {
	for _, test := range []struct {
		name   string
		value  string
		exists bool
		want   bool
	}{
		{"a person's shell", "", false, false},
		{"Terraform", cookieValue, true, true},
		{"another plugin protocol", "something else", true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := startedByTerraform(func(name string) (string, bool) {
				if name != "TF_PLUGIN_MAGIC_COOKIE" {
					t.Errorf("looked %s up", name)
				}
				return test.value, test.exists
			})
			if got != test.want {
				t.Errorf("started by Terraform: %t, want %t", got, test.want)
			}
		})
	}
}

func TestLogsUnread(t *testing.T) {
	for _, test := range []struct {
		name    string
		environ []string
		want    bool
	}{
		{"nothing set", []string{"PATH=/bin", "TF_DATA_DIR=x", "NOT_TF_LOG=trace"}, true},
		{"empty is not set", []string{"TF_LOG="}, true},
		{"all logs", []string{"TF_LOG=debug"}, false},
		{"provider logs", []string{"TF_LOG_PROVIDER=trace"}, false},
		{"the logs of this provider", []string{"TF_LOG_PROVIDER_LATCHKEY=info"}, false},
		{"library logs", []string{"TF_LOG_SDK=warn"}, false},
		{"a log file", []string{"TF_LOG_PATH=log.txt"}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := logsUnread(test.environ); got != test.want {
				t.Errorf("logs unread: %t, want %t", got, test.want)
			}
		})
	}
}

// The provider ends at the first look that finds another parent, and not before.
func TestEndWithParent(t *testing.T) {
	parents := []int{7, 7, 7, 1}
	checks := make(chan time.Time, len(parents))
	for range parents {
		checks <- time.Time{}
	}
	close(checks)
	looks, ended := 0, 0
	endWithParent(func() int {
		looks++
		return parents[min(looks, len(parents))-1]
	}, checks, func() { ended++ })
	if looks != len(parents) || ended != 1 {
		t.Errorf("ended %d times after %d looks, want once after %d", ended, looks, len(parents))
	}
}

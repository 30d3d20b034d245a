package accesstoken

import (
	"strings"
	"testing"
)

// An error says which recipient it is about, and never repeats what may be a secret.
func TestNamedRecipient(t *testing.T) {
	const public, secret = "age1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t", "AGE-SECRET-KEY-1QQPQZ7CXTQ4R5"
	for _, test := range []struct{ text, want string }{
		{public, `"age1qwt50d05…"`},
		{"age1", `"age1…"`},
		{"ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7", `"ssh-rsa …AQABAAABgQC7"`},
		{"keys.pub", "one"},
		{"", "one"},
		{secret, "one"},
		{strings.ToLower(secret), "one"},
		{public + "," + secret, "one"},
		{"ssh-ed25519 AAAA," + secret, "one"},
		{"ssh-ed25519 AAAA " + secret, "one"},
		{"ssh-ed25519 AAAA\n" + secret, "one"},
		{"ssh-ed25519 -----BEGIN OPENSSH PRIVATE KEY----- b3Blbn", "one"},
	} {
		if got := named(test.text); got != test.want {
			t.Errorf("%q is named %s, want %s", test.text, got, test.want)
		}
		if _, err := parseRecipient(test.text); err != nil && strings.Contains(err.Error(), "QQPQZ7") {
			t.Errorf("the error repeats a secret: %v", err)
		}
	}
}

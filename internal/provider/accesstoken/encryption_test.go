package accesstoken_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
)

// reader is somebody for whom a secret is encrypted.
type reader struct {
	recipient string
	identity  age.Identity
}

func newReader(t *testing.T) reader {
	t.Helper()
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return reader{identity.Recipient().String(), identity}
}

// newSSHReader is newReader for a key of SSH.
func newSSHReader(t *testing.T) reader {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	identity, err := agessh.NewEd25519Identity(private)
	if err != nil {
		t.Fatal(err)
	}
	var blob []byte
	for _, part := range [][]byte{[]byte("ssh-ed25519"), public} {
		blob = append(binary.BigEndian.AppendUint32(blob, uint32(len(part))), part...)
	}
	return reader{"ssh-ed25519 " + base64.StdEncoding.EncodeToString(blob) + " anna@host", identity}
}

// reads returns what a reader makes of an armored text; empty if it is not for that one.
func (r reader) reads(text string) string {
	plain, err := age.Decrypt(armor.NewReader(strings.NewReader(text)), r.identity)
	if err != nil {
		return ""
	}
	value, _ := io.ReadAll(plain)
	return string(value)
}

// encryptTo returns the line that names readers.
func encryptTo(readers ...reader) string {
	var texts []string
	for _, r := range readers {
		texts = append(texts, fmt.Sprintf("%q", r.recipient))
	}
	return "encrypt_to = [" + strings.Join(texts, ", ") + "]"
}

// checkEncrypted checks that readers, and no others, can read a good secret of a version, which the state holds in the clear
// or not.
func checkEncrypted(b *acctest.Bench, version int, inState bool, readers []reader, others ...reader) resource.TestCheckFunc {
	return func(s *terraform.State) error {
		attributes := s.RootModule().Resources[acctest.CI].Primary.Attributes
		text := attributes["encrypted_token"]
		if got := attributes["secret_version"]; got != fmt.Sprint(version) {
			return fmt.Errorf("it is secret version %s, not %d", got, version)
		}
		for i, r := range readers {
			value := r.reads(text)
			if !b.IsActive(value) {
				return fmt.Errorf("reader %d does not find a good secret", i)
			}
			if inState != (attributes["token"] == value) {
				return fmt.Errorf("the state holds the secret: %t", !inState)
			}
		}
		for i, r := range others {
			if r.reads(text) != "" {
				return fmt.Errorf("reader %d, who is none of them, can read the secret", i)
			}
		}
		return nil
	}
}

// A secret that no state holds is there for its readers, and regenerates as any other.
func TestEncryptedSecret(t *testing.T) {
	b := acctest.New(t)
	anna, ssh, ben := newReader(t), newSSHReader(t), newReader(t)
	var text string
	config := func(lines ...string) string {
		return b.Config(acctest.CIToken(append([]string{`secret_in_state = false`, `ttl = "90d"`}, lines...)...))
	}
	b.Run(
		resource.TestStep{
			Config: config(encryptTo(anna, ssh)),
			Check: resource.ComposeTestCheckFunc(checkEncrypted(b, 1, false, []reader{anna, ssh}, ben),
				acctest.Keep(acctest.CI, "encrypted_token", &text)),
		},
		resource.TestStep{ // Another order is the same set, and another edit keeps the text.
			Config: config(encryptTo(ssh, anna), `description = "edited"`),
			Check:  acctest.CheckSame(acctest.CI, "encrypted_token", &text),
		},
		resource.TestStep{ // Nobody could encrypt it for another one, until the next.
			Config: config(encryptTo(anna, ben)),
			Check: resource.ComposeTestCheckFunc(acctest.CheckSame(acctest.CI, "encrypted_token", &text),
				checkEncrypted(b, 1, false, []reader{anna, ssh}, ben)),
		},
		resource.TestStep{
			Config: config(encryptTo(anna, ben), `regenerate_triggers = { a = "1" }`),
			Check:  acctest.CheckSame(acctest.CI, "encrypted_token", &text),
		},
		resource.TestStep{
			Config: config(encryptTo(anna, ben), `regenerate_triggers = { a = "2" }`),
			Check:  checkEncrypted(b, 2, false, []reader{anna, ben}, ssh),
		},
		resource.TestStep{ // By the clock, and by drift.
			PreConfig: func() { b.Advance(91 * 24 * time.Hour) },
			Config:    config(encryptTo(anna, ben), `regenerate_triggers = { a = "2" }`),
			Check:     checkEncrypted(b, 3, false, []reader{anna, ben}),
		},
		resource.TestStep{
			PreConfig: func() { b.Regenerate("ci") },
			Config:    config(encryptTo(anna, ben), `regenerate_triggers = { a = "2" }`),
			Check:     checkEncrypted(b, 5, false, []reader{anna, ben}),
		},
		resource.TestStep{
			Config:      b.Config(acctest.CIToken(`ttl = "90d"`)),
			ExpectError: acctest.Says("nobody would have the secret", "secret_in_state = true", "regenerate_triggers"),
		},
		resource.TestStep{
			Config: b.Config(acctest.CIToken(`ttl = "90d"`, `regenerate_triggers = { a = "3" }`)),
			Check: resource.ComposeTestCheckFunc(b.CheckActive(acctest.CI),
				resource.TestCheckNoResourceAttr(acctest.CI, "encrypted_token")),
		},
	)
}

// A secret that the state holds is encrypted for whoever is named, at once, and leaves the state when it is to.
func TestEncryptedSecretBesideTheState(t *testing.T) {
	b := acctest.New(t)
	anna, ben := newReader(t), newReader(t)
	var token, text string
	b.Run(
		resource.TestStep{Config: b.Config(acctest.CIToken()), Check: acctest.Keep(acctest.CI, "token", &token)},
		resource.TestStep{
			Config: b.Config(acctest.CIToken(encryptTo(anna))),
			Check: resource.ComposeTestCheckFunc(checkEncrypted(b, 1, true, []reader{anna}, ben),
				acctest.CheckSame(acctest.CI, "token", &token)),
		},
		resource.TestStep{
			Config: b.Config(acctest.CIToken(encryptTo(ben))),
			Check: resource.ComposeTestCheckFunc(checkEncrypted(b, 1, true, []reader{ben}, anna),
				acctest.Keep(acctest.CI, "encrypted_token", &text)),
		},
		resource.TestStep{
			Config: b.Config(acctest.CIToken(encryptTo(ben), `secret_in_state = false`)),
			Check: resource.ComposeTestCheckFunc(checkEncrypted(b, 1, false, []reader{ben}),
				acctest.CheckSame(acctest.CI, "encrypted_token", &text)),
		},
		resource.TestStep{ // A secret that was changed elsewhere and accepted is nobody's.
			PreConfig: func() { b.Regenerate("ci") },
			Config:    b.Config(acctest.CIToken(encryptTo(ben), `secret_in_state = false`, `on_secret_drift = "accept"`)),
			Check:     resource.TestCheckNoResourceAttr(acctest.CI, "encrypted_token"),
		},
	)
}

// A secret that is brought can be encrypted, too.
func TestEncryptedOwnSecret(t *testing.T) {
	b := acctest.New(t)
	anna := newReader(t)
	value := ownValue()
	b.Run(resource.TestStep{
		Config: b.Config(acctest.CIToken(brings(value, 1, encryptTo(anna), `secret_in_state = false`)...)),
		Check: resource.ComposeTestCheckFunc(checkBrought(b, 1, value), func(s *terraform.State) error {
			text := s.RootModule().Resources[acctest.CI].Primary.Attributes["encrypted_token"]
			if anna.reads(text) != value {
				return fmt.Errorf("the reader does not find the value")
			}
			return nil
		}),
	})
}

// Recipients for whom nothing can be encrypted, and secrets that nobody would have, are refused by the plan.
func TestEncryptionThatIsRefused(t *testing.T) {
	anna := newReader(t)
	identity, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	hybrid, err := age.GenerateHybridIdentity()
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, line string
		says       []string
	}{
		{"a secret key", fmt.Sprintf("encrypt_to = [%q]", identity.String()), []string{"it is a secret key", "make new keys"}},
		{"of a plugin", `encrypt_to = ["age1yubikey1qwt50d05nh5vutpdzmlg5wn80xq5negm4uj9ghv0snvdd3yysf5yw3rhl3t"]`,
			[]string{"belongs to a plugin of age"}},
		{"a mix", encryptTo(anna, reader{recipient: hybrid.Recipient().String()}), []string{"can't mix"}},
		{"damaged", fmt.Sprintf("encrypt_to = [%q]", anna.recipient[:len(anna.recipient)-1]), []string{"it is damaged"}},
		{"damaged, beside another", encryptTo(anna, reader{recipient: "age1qwt50d05nh5vutpdzmlg5"}),
			[]string{`of its recipients, "age1qwt50d05…" can't be used: it is damaged`}},
		{"another key of SSH", `encrypt_to = ["ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQC7 anna@laptop"]`,
			[]string{`AAABgQC7"`, "another kind than ed25519", "age1 or ssh-ed25519"}},
		{"a file", `encrypt_to = ["keys.pub"]`, []string{"nor is a file", "age1 or ssh-ed25519"}},
		{"several in one", fmt.Sprintf("encrypt_to = [%q]", anna.recipient+","+anna.recipient),
			[]string{"it has a comma", "an element of its own"}},
		{"empty", `encrypt_to = [""]`, []string{"it is empty"}},
		{"several lines", `encrypt_to = ["ssh-ed25519 AAAA\nssh-ed25519 BBBB"]`, []string{"an element of its own"}},
		{"nobody", `encrypt_to = []`, []string{"there is no recipient"}},
		{"not in the state either", `secret_in_state = false`, []string{"Nobody would have the secret"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b := acctest.New(t)
			b.Run(resource.TestStep{Config: b.Config(acctest.CIToken(test.line)), ExpectError: acctest.Says(test.says...)})
			if !b.Place.IsEmpty() {
				t.Error("something was made")
			}
		})
	}
}

package accesstoken

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
	"filippo.io/age/armor"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Secrets that leave the provider encrypted, for the recipients of encrypt_to. age encrypts the same value to another text
// each time, so that a text is kept while its secret and its recipients stay: private state holds a digest of those.

// recipientsOf returns the recipients in encrypt_to, in order, and whether all of them are known.
func recipientsOf(set types.Set) (recipients []string, known bool) {
	if set.IsUnknown() {
		return nil, false
	}
	for _, element := range set.Elements() {
		text, ok := element.(types.String)
		if !ok || text.IsUnknown() {
			return nil, false
		}
		recipients = append(recipients, withoutComment(text.ValueString()))
	}
	slices.Sort(recipients)
	return recipients, true
}

// withoutComment returns a recipient without the comment that a key of SSH may have.
func withoutComment(recipient string) string {
	recipient = strings.TrimSpace(recipient)
	fields := strings.Fields(recipient)
	if !strings.HasPrefix(recipient, "ssh-") || len(fields) <= 2 || strings.Contains(recipient, "\n") {
		return recipient
	}
	return strings.Join(fields[:2], " ")
}

// digestOf returns the digest of recipients; empty for none.
func digestOf(recipients []string) string {
	if len(recipients) == 0 {
		return ""
	}
	digest := sha256.Sum256([]byte(strings.Join(recipients, "\n")))
	return hex.EncodeToString(digest[:8])
}

// parseRecipient reads a recipient. The error repeats none, since a secret key may stand in its place.
func parseRecipient(text string) (age.Recipient, error) {
	const forms = "use a public key that begins with age1 or ssh-ed25519"
	switch {
	case text == "":
		return nil, errors.New("it is empty: " + forms)
	case mayHoldSecretKey(text):
		return nil, errors.New("it is a secret key: take the public key that belongs to it, and make new keys, since this one " +
			"may be in plans, logs and version control by now")
	case strings.ContainsAny(text, "\r\n"):
		return nil, errors.New("it has several lines: give each key an element of its own, as in " +
			"compact(split(\"\\n\", file(\"keys.pub\")))")
	case strings.Contains(text, ","):
		return nil, errors.New("it has a comma: give each key an element of its own, as in split(\",\", var.keys)")
	case strings.HasPrefix(text, "age1pq1"):
		if r, err := age.ParseHybridRecipient(text); err == nil {
			return r, nil
		}
	case strings.HasPrefix(text, "age1") && strings.Contains(text[len("age1"):], "1"):
		return nil, errors.New("it belongs to a plugin of age, which can't run here: " + forms)
	case strings.HasPrefix(text, "age1"):
		if r, err := age.ParseX25519Recipient(text); err == nil {
			return r, nil
		}
	case strings.HasPrefix(text, "ssh-ed25519 "):
		if r, err := agessh.ParseRecipient(text); err == nil {
			return r, nil
		}
	case strings.HasPrefix(text, "ssh-"):
		return nil, errors.New("it is a key of SSH of another kind than ed25519: " + forms)
	default:
		return nil, errors.New("it is no public key, nor is a file or an address looked up: " + forms)
	}
	return nil, errors.New("it is damaged: check that all of it was copied")
}

// mayHoldSecretKey reports whether a text holds what marks a secret key of age or of SSH.
func mayHoldSecretKey(text string) bool {
	text = strings.ToUpper(text)
	return strings.Contains(text, "SECRET-KEY") || strings.Contains(text, "PRIVATE KEY")
}

// named returns so much of a recipient that people know which one it is, unless it may be a secret. Keys of SSH all begin in the
// same way.
func named(text string) string {
	const shown = 12
	kind, key, isSSH := strings.Cut(text, " ")
	switch {
	case strings.ContainsAny(text, "\r\n,") || mayHoldSecretKey(text):
		return "one"
	case isSSH && strings.HasPrefix(kind, "ssh-"):
		return fmt.Sprintf("%q", kind+" …"+key[max(len(key)-shown, 0):])
	case strings.HasPrefix(text, "age1"):
		return fmt.Sprintf("%q", text[:min(len(text), shown)]+"…")
	}
	return "one"
}

// parseRecipients reads recipients that are to get the same text.
func parseRecipients(texts []string) (recipients []age.Recipient, err error) {
	for _, text := range texts {
		r, err := parseRecipient(text)
		if err != nil {
			return nil, fmt.Errorf("of its recipients, %s can't be used: %w", named(text), err)
		}
		recipients = append(recipients, r)
	}
	if len(recipients) == 0 {
		return nil, errors.New("there is no recipient: name one, or leave encrypt_to out")
	}
	if _, err := age.Encrypt(io.Discard, recipients...); err != nil { // it refuses some mixes
		return nil, fmt.Errorf("its recipients can't be used together: %w", err)
	}
	return recipients, nil
}

// validateRecipients refuses recipients for whom nothing can be encrypted, as far as they are known. The error stands at no
// attribute: Terraform shows the line of one, and a secret key may stand there.
func (m *model) validateRecipients(diags *diag.Diagnostics) {
	texts, known := recipientsOf(m.EncryptTo)
	if m.EncryptTo.IsNull() || !known {
		return
	}
	if _, err := parseRecipients(texts); err != nil {
		diags.AddError("Invalid attribute value", "Attribute encrypt_to: "+err.Error()+".")
	}
}

// encrypt returns the secret for the recipients, as armored text; null for none.
func encrypt(secret tokens.Secret, texts []string) (types.String, error) {
	if len(texts) == 0 {
		return types.StringNull(), nil
	}
	recipients, err := parseRecipients(texts)
	if err != nil {
		return types.StringNull(), tokens.Invalid("encrypt_to", "%s", err)
	}
	var text strings.Builder
	armored := armor.NewWriter(&text)
	w, err := age.Encrypt(armored, recipients...)
	if err == nil {
		_, err = io.WriteString(w, secret.Reveal())
	}
	if err == nil {
		err = errors.Join(w.Close(), armored.Close())
	}
	if err != nil {
		return types.StringNull(), fmt.Errorf("the secret can't be encrypted: %w", err)
	}
	return types.StringValue(text.String()), nil
}

// keepsInState reports whether the state is to hold the secrets that the provider makes.
func (m *model) keepsInState() bool { return m.SecretInState.IsNull() || m.SecretInState.ValueBool() }

// validateHolders checks that somebody gets the secret, as far as that is known.
func (m *model) validateHolders(diags *diag.Diagnostics) {
	if attribute.IsGiven(m.SecretInState) && !m.SecretInState.ValueBool() && m.EncryptTo.IsNull() && !m.bringsSecrets() {
		diags.AddAttributeError(path.Root("secret_in_state"), "Invalid attribute combination",
			"Nobody would have the secret: with secret_in_state = false, name in encrypt_to who is to read it, or bring it in "+
				"token_wo.")
	}
}

// planNewHolders plans where a new secret goes.
func (m *model) planNewHolders() {
	m.Token = types.StringUnknown()
	if attribute.IsGiven(m.TokenWOVersion) || attribute.IsGiven(m.SecretInState) && !m.keepsInState() {
		m.Token = types.StringNull()
	}
	m.EncryptedToken = types.StringUnknown()
	if m.EncryptTo.IsNull() {
		m.EncryptedToken = types.StringNull()
	}
}

// planOpenHolders plans where the secret goes if only the apply shows whether there is a new one.
func (m *model) planOpenHolders(state *model) {
	m.planNewHolders()
	if !state.Token.IsNull() {
		m.Token = types.StringUnknown()
	}
	if !state.EncryptedToken.IsNull() {
		m.EncryptedToken = types.StringUnknown()
	}
}

// planHolders plans where a secret goes that the plan leaves alone.
func (m *model) planHolders(state *model, f tokenFacts, diags *diag.Diagnostics) {
	if m.SecretInState.IsUnknown() && !state.Token.IsNull() {
		m.Token = types.StringUnknown()
	} else if !m.SecretInState.IsUnknown() && !m.keepsInState() && !m.Token.IsNull() {
		m.Token = types.StringNull()
		m.warnOfOlderStates(state, diags)
	} else if m.keepsNextSecret(state) {
		m.warnOfNextSecret(state, diags)
	}
	wanted, known := recipientsOf(m.EncryptTo)
	holds := !state.Token.IsNull()
	switch {
	case !known && (holds || !state.EncryptedToken.IsNull()):
		m.EncryptedToken = types.StringUnknown()
	case !known:
	case len(wanted) == 0:
		m.EncryptedToken = types.StringNull()
	case digestOf(wanted) == f.Recipients:
	case holds:
		m.EncryptedToken = types.StringUnknown()
	default:
		warnOfFormerRecipients(state, diags)
	}
	if removed := m.removedRecipients(state); removed > 0 {
		m.warnOfRemovedRecipient(state, removed, nextSecret(state), diags)
	}
}

// keepsNextSecret reports whether the plan m has the state hold the secrets that the provider makes, which the state did not hold
// so far.
func (m *model) keepsNextSecret(state *model) bool {
	return !m.SecretInState.IsUnknown() && m.keepsInState() && !state.keepsInState() && !m.bringsSecrets() && state.Token.IsNull()
}

// removedRecipients returns how many recipients of the state the plan m drops, as far as that is known.
func (m *model) removedRecipients(state *model) int {
	wanted, known := recipientsOf(m.EncryptTo)
	before, _ := recipientsOf(state.EncryptTo)
	if !known {
		return 0
	}
	return len(slices.DeleteFunc(before, func(r string) bool { return slices.Contains(wanted, r) }))
}

// refusedForgetting is the diagnostic for a plan after which nobody has the secret.
func refusedForgetting(state *model) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("encrypt_to"), "Unable to update access token", fmt.Sprintf(
		"%s: nobody would have the secret, since the state can't tell it any more and it is encrypted for nobody. Keep "+
			"secret_in_state and encrypt_to as they were, bring a new value in token_wo, or regenerate the token in the same apply, "+
			"with secret_in_state = true and a value that changes in regenerate_triggers (triggers that are set for the first "+
			"time are only recorded: set them in an apply before).", state.subject()))
}

// forgets reports whether the plan m takes the secret out of the state, encrypted or not.
func (m *model) forgets(state *model) bool {
	return m.holdsNone() && !state.holdsNone()
}

// holdSecret puts the secret where the plan leaves it open: into the state, encrypted beside it, or both.
func (m *model) holdSecret(secret tokens.Secret, f *tokenFacts) error {
	if m.Token.IsUnknown() {
		m.Token = types.StringNull()
		if m.keepsInState() && !m.bringsSecrets() {
			m.Token = types.StringValue(secret.Reveal())
		}
	}
	if m.EncryptedToken.IsNull() {
		f.Recipients = ""
	}
	if !m.EncryptedToken.IsUnknown() {
		return nil
	}
	recipients, _ := recipientsOf(m.EncryptTo)
	f.Recipients = digestOf(recipients)
	var err error
	m.EncryptedToken, err = encrypt(secret, recipients)
	return err
}

// nextSecret says how a token gets its next secret.
func nextSecret(state *model) string {
	if state.bringsSecrets() {
		return bringAnother
	}
	return "change a value in regenerate_triggers (triggers that are set for the first time are only recorded)"
}

// graceOf says how long a secret stays valid that the next one replaces; empty where it ends at once.
func (m *model) graceOf(state *model) string {
	if m.GracePeriod.Value() == (tokens.Grace{}) {
		return ""
	}
	return fmt.Sprintf(" By grace_period, the present one stays valid for a while even then: \"latchkey token retire-previous %s\" "+
		"ends it.", state.ID.ValueString())
}

// warnOfOlderStates says that a secret that leaves the state stays in its older versions.
func (m *model) warnOfOlderStates(state *model, diags *diag.Diagnostics) {
	diags.AddAttributeWarning(path.Root("secret_in_state"), "Older states keep the secret", fmt.Sprintf(
		"%s: this plan takes the secret out of the state, but backups and older versions of the state keep it.\n\nThe next "+
			"secret ends that, once this is applied: %s.%s", state.subject(), nextSecret(state), m.graceOf(state)))
}

// warnOfNextSecret says that the present secret doesn't come into the state.
func (m *model) warnOfNextSecret(state *model, diags *diag.Diagnostics) {
	diags.AddAttributeWarning(path.Root("secret_in_state"), "State gets the next secret", fmt.Sprintf(
		"%s: token stays null, since nobody can tell the present secret any more. The state gets the next one: %s.",
		state.subject(), nextSecret(m)))
}

// warnOfFormerRecipients says that encrypted_token is for others than encrypt_to names.
func warnOfFormerRecipients(state *model, diags *diag.Diagnostics) {
	diags.AddAttributeWarning(path.Root("encrypt_to"), "Recipients get the next secret", fmt.Sprintf(
		"%s: encrypted_token is not for the recipients that encrypt_to names, since no state holds the secret that it would take. "+
			"They get the next one: %s.", state.subject(), nextSecret(state)))
}

// warnOfRemovedRecipient says that a recipient who was removed still knows the secret, until what comes next.
func (m *model) warnOfRemovedRecipient(state *model, removed int, next string, diags *diag.Diagnostics) {
	diags.AddAttributeWarning(path.Root("encrypt_to"), "Removed recipients know the secret", fmt.Sprintf(
		"%s: encrypt_to loses %d of its recipients, who could read the present secret and may have kept it.\n\nOnly the "+
			"next secret ends that: %s.%s", state.subject(), removed, next, m.graceOf(state)))
}

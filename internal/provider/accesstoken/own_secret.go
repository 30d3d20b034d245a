package accesstoken

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Secrets that people bring by token_wo. Only the configuration holds the value, which may be another one at each look: a plan
// depends on whether there is one, and on token_wo_version, never on the value.

// bringsSecrets reports whether people bring the secrets of the token. The number alone says so, too: token_wo may come and
// go.
func (m *model) bringsSecrets() bool { return !m.TokenWOVersion.IsNull() || !m.TokenWO.IsNull() }

// bringing is what a plan does with the secret that its configuration brings.
type bringing int

const (
	bringsNone bringing = iota
	// bringsNew sets it.
	bringsNew
	// adoptsPresent compares it with the secret that the token has, and takes over from there.
	adoptsPresent
	// mayBring sets it, if the number turns out to be higher.
	mayBring
)

// bringing returns what the plan m of a configuration with token_wo does with the value. m.TokenWO is that of the
// configuration, which Terraform takes out of a plan.
func (m *model) bringing(state *model) bringing {
	switch {
	case m.TokenWO.IsNull() || m.TokenWOVersion.IsNull():
		return bringsNone
	case state.TokenWOVersion.IsNull() && state.Token.IsNull():
		return adoptsPresent
	case m.TokenWOVersion.IsUnknown():
		return mayBring
	case state.TokenWOVersion.IsNull(), m.TokenWOVersion.ValueInt64() > state.TokenWOVersion.ValueInt64():
		return bringsNew
	}
	return bringsNone
}

// validateOwnSecret checks what goes with secrets that people bring, as far as it is known.
func (m *model) validateOwnSecret(diags *diag.Diagnostics) {
	if attribute.IsGiven(m.TokenWO) && m.TokenWOVersion.IsNull() {
		diags.AddAttributeError(path.Root("token_wo"), "Invalid attribute combination",
			"token_wo needs token_wo_version, by which Terraform notices that the value is another one: set it to a number, and "+
				"raise it with each new value.")
	}
	if !attribute.IsGiven(m.TokenWO) && !attribute.IsGiven(m.TokenWOVersion) {
		return
	}
	if attribute.IsGiven(m.RegenerateTriggers) && len(triggersOf(m.RegenerateTriggers)) > 0 {
		diags.Append(diagnostics.Excluded("regenerate_triggers", "token_wo brings the secret, so that nothing else can make "+
			"one: raise token_wo_version to set another, and remove regenerate_triggers"))
	}
	if refusal, ok := errors.AsType[*tokens.Error](m.settings().Policies.ValidateOwn()); ok {
		diags.Append(diagnostics.InvalidAttribute(path.Root(refusal.Field), refusal))
	}
}

// planOwnSecret refuses a number that goes back, and compares the value that a plan adopts, where it is known.
func (r *tokenResource) planOwnSecret(ctx context.Context, state, plan *model, diags *diag.Diagnostics) {
	plan.validateOwnSecret(diags)
	attribute.Require("token_wo", plan.TokenWO, diags, tokens.ValidateNewSecret)
	before, after := state.TokenWOVersion, plan.TokenWOVersion
	if attribute.IsGiven(before) && attribute.IsGiven(after) && after.ValueInt64() < before.ValueInt64() {
		diags.AddAttributeError(path.Root("token_wo_version"), "Unable to update access token", fmt.Sprintf(
			"%s: token_wo_version went from %d to %d, and only a higher number sets a new value. To set one, use %d or more; to "+
				"keep the present one, use %[2]d.", state.subject(), before.ValueInt64(), after.ValueInt64(), before.ValueInt64()+1))
	}
	if plan.TokenWO.IsNull() && attribute.IsGiven(after) && !after.Equal(before) {
		warnOfNumberAlone(state, after.ValueInt64(), diags)
	}
	if plan.bringing(state) != adoptsPresent || !attribute.IsGiven(plan.TokenWO) || diags.HasError() {
		return
	}
	backend, err := r.Open()
	if err == nil {
		err = compareSecret(ctx, backend, state.ID.ValueString(), plan.TokenWO.ValueString())
	}
	if err != nil {
		diags.Append(diagnostics.Failed("adopt", state.subject(), err))
	}
}

// adopt compares the secret that the configuration brings with the one that the token has.
func (m *model) adopt(ctx context.Context, b tokens.SecretService) error {
	secret, err := m.brought()
	if err != nil {
		return err
	}
	return compareSecret(ctx, b, m.ID.ValueString(), secret.Reveal())
}

// compareSecret refuses a value that is not the present secret of a token.
func compareSecret(ctx context.Context, b tokens.SecretService, id, value string) error {
	secret, _ := tokens.PresentedSecret(value) // what can be no secret is none
	same, err := b.HasSecret(ctx, id, secret)
	if err != nil || same {
		return err
	}
	return tokens.Invalid("token_wo", "the value is not the present secret of the token, which the first token_wo_version after "+
		"an import adopts: bring the present value; or, to set this one, leave token_wo out of one apply, which only records "+
		"token_wo_version, and then raise the number together with token_wo")
}

// brought returns the secret that the configuration brings to an apply.
func (m *model) brought() (tokens.Secret, error) {
	if !attribute.IsGiven(m.TokenWO) {
		return tokens.Secret{}, tokens.Invalid("token_wo", "there is no value, and so nobody would have the secret: set token_wo "+
			"as well as token_wo_version, or leave both out for a secret that Terraform makes")
	}
	if err := tokens.ValidateNewSecret("token_wo", m.TokenWO.ValueString()); err != nil {
		return tokens.Secret{}, err
	}
	secret, _ := tokens.PresentedSecret(m.TokenWO.ValueString())
	return secret, nil
}

// aboutBrought returns an error of the backend with the name that the secret has in a configuration that brings one.
func (m *model) aboutBrought(err error) error {
	e, ok := errors.AsType[*tokens.Error](err)
	if !ok || e.Field != "token" || !m.bringsSecrets() {
		return err
	}
	about := *e
	about.Field = "token_wo"
	return &about
}

// warnOfDue says that it is time to bring a new secret.
func warnOfDue(state, plan *model, diags *diag.Diagnostics) {
	diags.AddAttributeWarning(path.Root("token_wo_version"), "Access token needs a new value", fmt.Sprintf(
		"%s expires at %s, which is within regenerate_before_expiry, and nobody but you can make the next value.\n\nBring one in "+
			"token_wo, and raise token_wo_version from %d to %d.", state.subject(), state.SecretExpiresAt.ValueString(),
		plan.TokenWOVersion.ValueInt64(), plan.TokenWOVersion.ValueInt64()+1))
}

// warnOfNumberAlone says that a number without a value sets none.
func warnOfNumberAlone(state *model, number int64, diags *diag.Diagnostics) {
	diags.AddAttributeWarning(path.Root("token_wo_version"), "Recording a number without a value", fmt.Sprintf(
		"%s keeps its secret: there is no token_wo, so token_wo_version = %d is only recorded. To set a value, bring it in token_wo "+
			"in the same apply as a higher number.", state.subject(), number))
}

// warnOfNothingBrought says that an apply can't create the token. It is no error, since a destroy plans the creation of what
// is gone, too.
func warnOfNothingBrought(plan *model, diags *diag.Diagnostics) {
	diags.AddAttributeWarning(path.Root("token_wo_version"), "Access token can't be created without its value", fmt.Sprintf(
		"%s has token_wo_version but no token_wo, and so an apply will fail to create it.\n\nSet token_wo, or leave both out "+
			"for a secret that Terraform makes. A destroy is not affected.", plan.subject()))
}

package accesstoken

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Secrets that people bring by token_wo. Only the configuration holds the value, which may be another one at each look: a plan
// depends on whether there is one, and on token_wo_version, never on the value.

// tokenWO is the attribute with the value.
const tokenWO = "token_wo"

// bringsSecrets reports whether people bring the secrets of the token, or may turn out to. The number says so: token_wo may come
// and go.
func (m *model) bringsSecrets() bool { return !m.TokenWOVersion.IsNull() }

// readBrought takes the value for the plan m from the configuration, if people bring one.
func (m *model) readBrought(ctx context.Context, config tfsdk.Config, diags *diag.Diagnostics) {
	if m.bringsSecrets() {
		diags.Append(config.GetAttribute(ctx, path.Root(tokenWO), &m.TokenWO)...)
	}
}

// bringing is what an apply does with the secret that its configuration brings.
type bringing int

const (
	// makesSecrets: Terraform makes the secrets of the token, and not people.
	makesSecrets bringing = iota
	// keepsBrought: people bring them, and the present one stays.
	keepsBrought
	// bringsNew sets another one.
	bringsNew
	// adoptsPresent records the secret that the token has, which the value has to be if there is one.
	adoptsPresent
)

// bringings returns what an apply of the plan m may do with the value: one thing if all that decides it is known. m.TokenWO is
// that of the configuration, which Terraform takes out of a plan.
func (m *model) bringings(state *model, f tokenFacts) (possible []bringing) {
	number, before := m.TokenWOVersion, state.TokenWOVersion
	if number.IsNull() {
		return []bringing{makesSecrets}
	}
	if number.IsUnknown() {
		possible = append(possible, makesSecrets)
	}
	neverHeld := before.IsNull() && state.holdsNone()
	mayRise := number.IsUnknown() || before.IsNull() || number.ValueInt64() > before.ValueInt64()
	mayStay := !mayRise || number.IsUnknown() && !before.IsNull()
	if m.TokenWO.IsNull() || m.TokenWO.IsUnknown() {
		adopts := neverHeld || mayRise && state.mayBeKnown(f)
		if adopts {
			possible = append(possible, adoptsPresent)
		}
		if !adopts || mayStay && !neverHeld {
			possible = append(possible, keepsBrought)
		}
	}
	if !m.TokenWO.IsNull() {
		switch {
		case neverHeld && !f.Revoked: // what was revoked is not there to be adopted
			possible = append(possible, adoptsPresent)
		case mayRise && mayStay:
			possible = append(possible, bringsNew, keepsBrought)
		case mayRise:
			possible = append(possible, bringsNew)
		default:
			possible = append(possible, keepsBrought)
		}
	}
	slices.Sort(possible)
	return slices.Compact(possible)
}

// holdsNone reports whether the state m holds no secret, encrypted or not.
func (m *model) holdsNone() bool { return m.Token.IsNull() && m.EncryptedToken.IsNull() }

// mayBeKnown reports whether people may know the secret that the token of the state m has, although it was made elsewhere: a
// higher number alone says that they do. What was ended is not there to be known, nor what an older backup brought back.
func (m *model) mayBeKnown(f tokenFacts) bool {
	return m.bringsSecrets() && m.holdsNone() && f.ofSecret(m).HasOtherSecret() && !f.knowsEnded(m) &&
		m.Status.ValueString() != string(tokens.StatusRevoked)
}

// bringing returns what the apply of the plan m does, when everything is known.
func (m *model) bringing(state *model, f tokenFacts) bringing { return m.bringings(state, f)[0] }

// validateOwnSecret checks what goes with secrets that people bring, as far as it is known.
func (m *model) validateOwnSecret(diags *diag.Diagnostics) {
	if attribute.IsGiven(m.TokenWO) && m.TokenWOVersion.IsNull() {
		refuseBrought("it needs token_wo_version, by which Terraform notices that the value is another one: set that to a number, "+
			"and raise it with each new value.", diags)
	}
	if !attribute.IsGiven(m.TokenWOVersion) {
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
func (r *tokenResource) planOwnSecret(ctx context.Context, state, plan *model, f tokenFacts, diags *diag.Diagnostics) {
	plan.validateOwnSecret(diags)
	requireBrought(plan.TokenWO, diags)
	before, after := state.TokenWOVersion, plan.TokenWOVersion
	if attribute.IsGiven(before) && attribute.IsGiven(after) && after.ValueInt64() < before.ValueInt64() {
		diags.AddAttributeError(path.Root("token_wo_version"), "Unable to update access token", fmt.Sprintf(
			"%s: token_wo_version went from %d to %d, and only a higher number sets a new value. To set one, use %d or more; to "+
				"keep the present one, use %[2]d.", state.subject(), before.ValueInt64(), after.ValueInt64(), before.ValueInt64()+1))
	}
	if plan.TokenWO.IsNull() && attribute.IsGiven(after) && !after.Equal(before) {
		warnOfNumberAlone(state, after.ValueInt64(), f, diags)
	}
	if plan.bringings(state, f)[0] != adoptsPresent || !attribute.IsGiven(plan.TokenWO) || diags.HasError() {
		return
	}
	ctx, backend, err := r.OpenFor(ctx, &f.Facts)
	if err == nil {
		secret, _ := tokens.PresentedSecret(plan.TokenWO.ValueString()) // requireBrought has passed it
		err = compareSecret(ctx, backend, state.ID.ValueString(), secret)
	}
	if err != nil && tokens.ErrorCode(err) != tokens.CodeForbidden { // who may only plan can't tell; the apply asks again
		diags.Append(diagnostics.Failed("adopt", state.subject(), plan.aboutBrought(err)))
	}
}

// refuseBroughtReplacement refuses to replace a token where the new one could not be made: without a value, or with the one that
// the token has, which no token can have again. The value is known where the configuration has it, and a run that plans a
// replacement as a creation knows the token by its name.
func (r *tokenResource) refuseBroughtReplacement(
	ctx context.Context, old diagnostics.Subject, config *model, diags *diag.Diagnostics,
) {
	const advice = "a replacement is another token, and no value is used twice. Bring a new value in token_wo, with a higher " +
		"token_wo_version, in the same apply. " + onlyDestroy
	if !attribute.IsGiven(config.TokenWOVersion) || config.TokenWO.IsUnknown() {
		return
	}
	refuse := func(reason string) {
		diags.AddError("Unable to replace access token", fmt.Sprintf(
			"%s would be deleted, and no new one created in its place: %s: %s", old, reason, advice))
	}
	if config.TokenWO.IsNull() {
		refuse("there is no token_wo")
		return
	}
	secret, ok := tokens.PresentedSecret(config.TokenWO.ValueString())
	backend, err := r.Open()
	if err != nil || !ok { // which is told elsewhere
		return
	}
	if same, err := backend.HasSecret(ctx, old.ID, secret); err == nil && same {
		refuse("token_wo brings the value that it has")
		return
	}
	// Who may verify values can also tell a former one; nobody can tell one of a token that was deleted. Others aren't asked,
	// since the audit log would tell of an attempt that nobody made.
	self, err := backend.Whoami(ctx)
	if err != nil || !self.Access.Anywhere(tokens.PermissionIntrospectTokens) {
		return
	}
	v, err := backend.VerifySecret(ctx, secret, tokens.VerifyOptions{})
	if err == nil && v.AccessToken != nil {
		refuse("token_wo brings a value that was used before")
	}
}

// adopt compares the secret that the configuration brings, if it brings one, with the one that the token has.
func (m *model) adopt(ctx context.Context, b tokens.SecretService) error {
	if m.TokenWO.IsNull() {
		return nil
	}
	secret, err := m.brought()
	if err != nil {
		return err
	}
	return compareSecret(ctx, b, m.ID.ValueString(), secret)
}

// compareSecret refuses a value that is not the present secret of a token.
func compareSecret(ctx context.Context, b tokens.SecretService, id string, secret tokens.Secret) error {
	same, err := b.HasSecret(ctx, id, secret)
	if err != nil || same {
		return err
	}
	return tokens.Invalid(tokenWO, "the value is not the present secret of the token, which the first token_wo_version after "+
		"an import adopts: bring the present value; or, to set this one, leave token_wo out of one apply, which only records "+
		"token_wo_version, and then raise the number together with token_wo")
}

// brought returns the secret that the configuration brings to an apply.
func (m *model) brought() (tokens.Secret, error) {
	if !attribute.IsGiven(m.TokenWO) {
		return tokens.Secret{}, tokens.Invalid(tokenWO, "there is no value, and so nobody would have the secret: set token_wo "+
			"as well as token_wo_version, or leave both out for a secret that Terraform makes")
	}
	if err := tokens.ValidateNewSecret(tokenWO, m.TokenWO.ValueString()); err != nil {
		return tokens.Secret{}, err
	}
	secret, _ := tokens.PresentedSecret(m.TokenWO.ValueString())
	return secret, nil
}

// aboutBrought returns an error of the backend with the name that the secret has in a configuration that brings one. It stands at
// no attribute: Terraform shows the line of one, and the value may stand there.
func (m *model) aboutBrought(err error) error {
	e, ok := errors.AsType[*tokens.Error](err)
	if !ok || e.Field != "token" && e.Field != tokenWO || !m.bringsSecrets() {
		return err
	}
	about := *e
	about.Field, about.Message = "", tokenWO+": "+e.Message
	return &about
}

// requireBrought refuses a value that can't be a secret, as far as it is known.
func requireBrought(value types.String, diags *diag.Diagnostics) {
	if !attribute.IsGiven(value) {
		return
	}
	if refusal, ok := errors.AsType[*tokens.Error](tokens.ValidateNewSecret(tokenWO, value.ValueString())); ok {
		refuseBrought(refusal.Message+".", diags)
	}
}

// refuseBrought adds an error about token_wo, at no attribute; see aboutBrought.
func refuseBrought(text string, diags *diag.Diagnostics) {
	diags.AddError("Invalid attribute value", "Attribute "+tokenWO+": "+text)
}

// warnOfDue says that it is time to bring a new secret.
func warnOfDue(state, plan *model, diags *diag.Diagnostics) {
	diags.AddAttributeWarning(path.Root("token_wo_version"), "Access token needs a new value", fmt.Sprintf(
		"%s expires at %s, which is within regenerate_before_expiry, and nobody but you can make the next value.\n\nBring one in "+
			"token_wo, and raise token_wo_version from %d to %d.", state.subject(), state.SecretExpiresAt.ValueString(),
		plan.TokenWOVersion.ValueInt64(), plan.TokenWOVersion.ValueInt64()+1))
}

// warnOfNumberAlone says that a number without a value sets none.
func warnOfNumberAlone(state *model, number int64, f tokenFacts, diags *diag.Diagnostics) {
	keeps := fmt.Sprintf("keeps its secret: there is no token_wo, so token_wo_version = %d is only recorded", number)
	if state.mayBeKnown(f) {
		keeps += ", and with it that you know the secret that was made outside Terraform (version " +
			state.SecretVersion.String() + ")"
	}
	diags.AddAttributeWarning(path.Root("token_wo_version"), "Recording a number without a value", fmt.Sprintf(
		"%s %s. To set a value, bring it in token_wo in the same apply as a higher number.", state.subject(), keeps))
}

// warnOfNothingBrought says that an apply can't create the token. It is no error, since a destroy plans the creation of what
// is gone, too.
func warnOfNothingBrought(plan *model, diags *diag.Diagnostics) {
	diags.AddAttributeWarning(path.Root("token_wo_version"), "Access token can't be created without its value", fmt.Sprintf(
		"%s has token_wo_version but no token_wo, and so an apply will fail to create it.\n\nSet token_wo, or leave both out "+
			"for a secret that Terraform makes. A destroy is not affected.", plan.subject()))
}

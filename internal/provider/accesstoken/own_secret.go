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

// planOwnSecret refuses a number that goes back, and warns of one that comes alone.
func planOwnSecret(state, plan *model, f tokenFacts, diags *diag.Diagnostics) {
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
}

// compareBrought compares the value with the present secret where the plan relies on that, as far as it is known.
func (r *tokenResource) compareBrought(ctx context.Context, state, plan *model, f tokenFacts, diags *diag.Diagnostics) {
	secret, ok := tokens.PresentedSecret(plan.TokenWO.ValueString())
	if !ok || diags.HasError() {
		return
	}
	advice := plan.needsPresent(state, f)
	if advice == "" {
		return
	}
	ctx, backend, err := r.OpenFor(ctx, &f.Facts)
	if err == nil {
		if !mayCompare(ctx, backend) {
			return // the apply asks again
		}
		err = compareSecret(ctx, backend, state.ID.ValueString(), secret, advice)
	}
	if err != nil && tokens.ErrorCode(err) != tokens.CodeForbidden {
		diags.Append(diagnostics.Failed("adopt", state.subject(), plan.aboutBrought(err)))
	}
}

// mayCompare reports whether a plan may compare a value with the secret of a token. Who may not isn't let try: the refusal would
// leave an event of an attempt that nobody made.
func mayCompare(ctx context.Context, b tokens.Backend) bool {
	self, err := b.Whoami(ctx)
	return err != nil || self.Access.Anywhere(tokens.PermissionManageTokens)
}

// needsPresent returns what is to be done if the value is not the present secret of the token, which it has to be: where the plan
// m adopts that one, or takes it out of the state, so that whoever brings it is the only one to have it. It is empty where the
// value may be any.
func (m *model) needsPresent(state *model, f tokenFacts) (advice string) {
	switch does := m.bringing(state, f); {
	case does == adoptsPresent:
		return "which Terraform never had, and which the first token_wo_version adopts: bring the present value; or, to set this " +
			"one, leave token_wo out of one apply, which only records token_wo_version, and then raise the number together with " +
			"token_wo. To get rid of the token, remove its block, or use terraform destroy -refresh=false"
	case does == keepsBrought && m.forgets(state) && !f.ofSecret(state).HasDrifted():
		return "which this plan takes out of the state without setting another, so that nobody would have the secret: bring the " +
			"present value, raise token_wo_version to set this one, or keep secret_in_state and encrypt_to as they were"
	}
	return ""
}

// refuseBroughtReplacement refuses to replace a token where the new one could not be made: without a value, or with the one that
// the token has, which no token can have again. The value is known where the configuration has it, and a run that plans a
// replacement as a creation knows the token by its name. holder is the token that has the value or had it; see tokenWith.
func (r *tokenResource) refuseBroughtReplacement(
	ctx context.Context, old diagnostics.Subject, config *model, holder string, diags *diag.Diagnostics,
) {
	const advice = "a replacement is another token, and no value is used twice. Bring a new value in token_wo, with a higher " +
		"token_wo_version, in the same apply. " + ifItMoved + onlyDestroy
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
	if err != nil || !ok || !mayCompare(ctx, backend) { // the first two are told elsewhere, and the apply refuses
		return
	}
	if same, err := backend.HasSecret(ctx, old.ID, secret); err == nil && same {
		refuse("token_wo brings the value that it has")
		return
	}
	if holder != "" {
		refuse("token_wo brings a value that was used before")
	}
}

// tokenWith returns the identifier of the token that has a value, or had it; empty if there is none, or it can't be told. Who
// may verify values is told of former ones, too, though nobody of one of a token that was deleted. Others aren't asked, since
// the audit log would tell of an attempt that nobody made.
func (r *tokenResource) tokenWith(ctx context.Context, value types.String) string {
	secret, ok := tokens.PresentedSecret(value.ValueString())
	if !ok {
		return ""
	}
	backend, err := r.Open()
	if err != nil {
		return ""
	}
	self, err := backend.Whoami(ctx)
	if err != nil || !self.Access.Anywhere(tokens.PermissionIntrospectTokens) {
		return ""
	}
	v, err := backend.VerifySecret(ctx, secret, tokens.VerifyOptions{})
	if err != nil || v.AccessToken == nil {
		return ""
	}
	return v.AccessToken.ID
}

// ifItMoved says how a token keeps its value at another address.
const ifItMoved = "If it is the same token at another address of the configuration, say so in a moved block, and it keeps its " +
	"value. "

// refusedTaking is the diagnostic for a new token with a value of another one of the same state: the creation would fail, and if
// the plan deletes the other one before, nobody could use the value again.
func refusedTaking(taker, old diagnostics.Subject) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Unable to create access token", fmt.Sprintf(
		"%s can't be created: token_wo brings a value of another one, and no value is used twice, even after that one was deleted. "+
			"It is that of: %s.\n\n"+ifItMoved+"Otherwise bring another value. To destroy all, use terraform destroy -refresh=false.",
		taker, old))
}

// requirePresent compares the secret that the configuration brings, if it brings one, with the one that the token has.
func (m *model) requirePresent(ctx context.Context, b tokens.SecretService, advice string) error {
	if m.TokenWO.IsNull() {
		return nil
	}
	secret, err := m.brought()
	if err != nil {
		return err
	}
	return compareSecret(ctx, b, m.ID.ValueString(), secret, advice)
}

// compareSecret refuses a value that is not the present secret of a token, with an advice.
func compareSecret(ctx context.Context, b tokens.SecretService, id string, secret tokens.Secret, advice string) error {
	same, err := b.HasSecret(ctx, id, secret)
	if err != nil || same {
		return err
	}
	return tokens.Invalid(tokenWO, "the value is not the present secret of the token, %s", advice)
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

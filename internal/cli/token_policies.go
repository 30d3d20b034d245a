package cli

import (
	"errors"
	"fmt"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// What takes a setting off a token.
const (
	noDuration = "0s"
	noPolicy   = "default"
)

// tokenPolicies are the flags that say what becomes of the secrets of an access token over time.
type tokenPolicies struct {
	RegenerateBeforeExpiry *string `help:"How long before the end of a secret, which --ttl sets, it is to be regenerated, as in 14d; 0s for not before. For Terraform's plans alone." placeholder:"DURATION"`
	OnExpired              *string `help:"What becomes of a token whose secret has expired: ${expiry_policies} (regenerate with --ttl, else ignore). For Terraform's plans alone." placeholder:"POLICY" values:"expiry-policies"`
	OnSecretDrift          *string `help:"What becomes of a token whose secret was regenerated or revoked outside Terraform: ${drift_policies} (regenerate). For Terraform's plans alone." placeholder:"POLICY" values:"drift-policies"`
	GracePeriod            *string `help:"How long the value before stays valid after each regeneration, as in 36h, or until_expiry; 0s for not at all." placeholder:"DURATION|until_expiry" values:"graces"`
	ProtectIfUsedWithin    *string `help:"How long after its last use the token may not be taken away, as in 1d; 0s for no such protection. For Terraform's plans alone." placeholder:"DURATION"`
}

// flags returns the flags, which set the update.
func (p *tokenPolicies) flags(u *tokens.AccessTokenUpdate) []settingFlag {
	return []settingFlag{
		{"--regenerate-before-expiry", p.RegenerateBeforeExpiry, setting(&u.RegenerateBeforeExpiry, durationOrNone), noDuration},
		{"--on-expired", p.OnExpired, setting(&u.OnExpired, policyOrNone(tokens.ValidateExpiryPolicy)), noPolicy},
		{"--on-secret-drift", p.OnSecretDrift, setting(&u.OnSecretDrift, policyOrNone(tokens.ValidateDriftPolicy)), noPolicy},
		{"--grace-period", p.GracePeriod, setting(&u.Grace, tokens.ParseGrace), noDuration},
		{"--protect-if-used-within", p.ProtectIfUsedWithin, setting(&u.ProtectIfUsedWithin, durationOrNone), noDuration},
	}
}

// durationOrNone reads a duration, which may be zero as that of a grace may.
func durationOrNone(field, value string) (time.Duration, error) {
	if none, err := tokens.ParseGrace(field, value); err == nil && none == (tokens.Grace{}) {
		return 0, nil
	}
	return tokens.ParseDuration(field, value)
}

// policyOrNone returns a function that reads a policy which is valid, or none.
func policyOrNone[P ~string](validate func(field string, policy P) error) func(field, value string) (P, error) {
	return func(field, value string) (P, error) {
		if value == noPolicy {
			return "", nil
		}
		if err := validate(field, P(value)); err != nil {
			return "", fmt.Errorf("%w, or %q for none of its own", err, noPolicy)
		}
		return P(value), nil
	}
}

// explainPresent completes the refusal of an edit on account of a policy that the token has and no flag names.
func (p *tokenPolicies) explainPresent(err error) error {
	refused, ok := errors.AsType[*tokens.Error](err)
	if !ok || refused.Code != tokens.CodeInvalid {
		return err
	}
	for _, flag := range p.flags(new(tokens.AccessTokenUpdate)) {
		if flag.attribute() == refused.Field && flag.value == nil {
			return fmt.Errorf("%w. The token has %s already: say %s %s, too, to take it off", err, refused.Field, flag.name, flag.none)
		}
	}
	return err
}

// policiesOf returns the policies that the flags set.
func policiesOf(u tokens.AccessTokenUpdate) (p tokens.Policies) {
	p.RegenerateBeforeExpiry, _ = u.RegenerateBeforeExpiry.Get()
	p.OnExpired, _ = u.OnExpired.Get()
	p.OnSecretDrift, _ = u.OnSecretDrift.Get()
	p.Grace, _ = u.Grace.Get()
	p.ProtectIfUsedWithin, _ = u.ProtectIfUsedWithin.Get()
	return p
}

func expiryPolicyNames() []string { return policyNames(tokens.ExpiryPolicies()) }

func driftPolicyNames() []string { return policyNames(tokens.DriftPolicies()) }

// policyNames returns the values of a flag for these policies.
func policyNames[P ~string](policies []P) []string {
	var names []string
	for _, policy := range policies {
		names = append(names, string(policy))
	}
	return append(names, noPolicy)
}

// graceNames returns the graces that are no durations.
func graceNames() []string { return []string{tokens.GraceUntilExpiry} }

package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// tokenSettings are the flags that give an access token its settings, whether it is being made or edited.
type tokenSettings struct {
	Description *string             `help:"What the token is for." placeholder:"TEXT"`
	ExpiresAt   *string             `help:"When the token ends, in RFC 3339 as in 2030-01-31T12:00:00Z." placeholder:"TIME" xor:"expiry"`
	TTL         *string             `name:"ttl" help:"How long each secret of the token lives, as in 90d or 1h30m; in place of --expires-at." placeholder:"DURATION" xor:"expiry"`
	ActivatesAt *string             `help:"Until when the token is pending, in RFC 3339." placeholder:"TIME"`
	Role        *string             `help:"The role that the token has at its level, at most that of its technical user." placeholder:"ROLE" xor:"role" values:"roles"`
	GroupRole   map[groupRef]string `help:"The role that the token has in a group, named by identifier or name. May be given for several groups." placeholder:"GROUP=ROLE" xor:"group-role"`
	Visibility  *string             `help:"Who may know of the token: ${visibilities}." placeholder:"VISIBILITY" values:"visibilities"`
	tokenPolicies
}

// settingFlag is a flag that gives an access token a setting.
type settingFlag struct {
	name string
	// value is nil where the flag is not given.
	value *string
	// set reads the value; what is not of the right form is an error.
	set func(field, value string) error
	// none is the value that takes the setting off; empty where another flag does that.
	none string
}

// attribute returns the name of the setting in the errors of a backend, which is that of the Terraform attribute.
func (f settingFlag) attribute() string {
	return strings.ReplaceAll(strings.TrimPrefix(f.name, "--"), "-", "_")
}

// setting returns a function that reads a value into a change.
func setting[T any](change *tokens.Change[T], read func(field, value string) (T, error)) func(field, value string) error {
	return func(field, value string) error {
		read, err := read(field, value)
		*change = tokens.To(read)
		return err
	}
}

// update returns what the flags set, the roles in groups apart. What is not of the right form is misuse.
func (s *tokenSettings) update() (u tokens.AccessTokenUpdate, err error) {
	own := []settingFlag{
		{name: "--description", value: s.Description, set: func(field, value string) error {
			u.Description = tokens.To(value)
			return tokens.ValidateDescription(field, value)
		}},
		{name: "--expires-at", value: s.ExpiresAt, set: func(field, value string) error {
			at, err := tokens.ParseTimestamp(field, value)
			u.ExpiresAt, u.TTL = tokens.To(at), tokens.To(time.Duration(0))
			return err
		}},
		{name: "--ttl", value: s.TTL, set: func(field, value string) error {
			ttl, err := tokens.ParseDuration(field, value)
			u.ExpiresAt, u.TTL = tokens.To(time.Time{}), tokens.To(ttl)
			return err
		}},
		{name: "--activates-at", value: s.ActivatesAt, set: func(field, value string) error {
			at, err := tokens.ParseTimestamp(field, value)
			u.ActivatesAt = tokens.To(at)
			return err
		}},
		{name: "--role", value: s.Role, set: func(field, value string) error {
			u.Role = tokens.To(value)
			return tokens.ValidateRole(field, value)
		}},
		{name: "--visibility", value: s.Visibility, set: func(field, value string) error {
			u.Visibility = tokens.To(tokens.Visibility(value))
			return tokens.ValidateVisibility(field, tokens.Visibility(value))
		}},
	}
	for _, flag := range slices.Concat(own, s.tokenPolicies.flags(&u)) {
		if flag.value == nil {
			continue
		}
		if err := flag.set(flag.name, *flag.value); err != nil {
			return u, misuseOf(*flag.value, err)
		}
	}
	for _, group := range slices.Sorted(maps.Keys(s.GroupRole)) {
		role := s.GroupRole[group]
		if err := group.Validate(); err != nil {
			return u, err
		}
		if err := tokens.ValidateRole("--group-role", role); err != nil {
			return u, misuseOf(role, err)
		}
	}
	return u, nil
}

// groupRoles returns the roles in groups that the flags set.
func (s *tokenSettings) groupRoles(ctx context.Context, backend tokens.Backend) ([]tokens.GroupRole, error) {
	var roles []tokens.GroupRole
	for _, group := range slices.Sorted(maps.Keys(s.GroupRole)) {
		id, err := group.find(ctx, backend)
		if err != nil {
			return nil, err
		}
		roles = append(roles, tokens.GroupRole{GroupID: id, Role: s.GroupRole[group]})
	}
	return roles, nil
}

// visibilityNames returns the visibilities of access tokens.
func visibilityNames() []string {
	return []string{string(tokens.VisibilityOrganization), string(tokens.VisibilityRestricted)}
}

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

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
	// also names what else the flag sets.
	also tokens.Fields
}

// attribute returns the name of the setting, as the errors of a backend have it, too.
func (f settingFlag) attribute() string {
	return strings.ReplaceAll(strings.TrimPrefix(f.name, "--"), "-", "_")
}

// setting returns a function that reads a value into a setting.
func setting[T any](target *T, read func(field, value string) (T, error)) func(field, value string) error {
	return func(field, value string) (err error) {
		*target, err = read(field, value)
		return err
	}
}

// checked returns a function that reads a text which is valid.
func checked[T ~string](validate func(field string, value T) error) func(field, value string) (T, error) {
	return func(field, value string) (T, error) { return T(value), validate(field, T(value)) }
}

// flags returns the flags, roles in groups apart, which set settings.
func (s *tokenSettings) flags(to *tokens.Settings) []settingFlag {
	return []settingFlag{
		{name: "--description", value: s.Description, set: setting(&to.Description, checked(tokens.ValidateDescription))},
		{name: "--expires-at", value: s.ExpiresAt, set: setting(&to.ExpiresAt, tokens.ParseTimestamp), also: tokens.Fields{"ttl"}},
		{name: "--ttl", value: s.TTL, set: setting(&to.TTL, tokens.ParseDuration), also: tokens.Fields{"expires_at"}},
		{name: "--activates-at", value: s.ActivatesAt, set: setting(&to.ActivatesAt, tokens.ParseTimestamp)},
		{name: "--role", value: s.Role, set: setting(&to.Own.Role, checked(tokens.ValidateRole))},
		{name: "--visibility", value: s.Visibility, set: setting(&to.Visibility, checked(tokens.ValidateVisibility))},
		{
			name: "--regenerate-before-expiry", value: s.RegenerateBeforeExpiry, none: noDuration,
			set: setting(&to.RegenerateBeforeExpiry, durationOrNone),
		},
		{
			name: "--on-expired", value: s.OnExpired, none: noPolicy,
			set: setting(&to.OnExpired, policyOrNone(tokens.ValidateExpiryPolicy)),
		},
		{
			name: "--on-secret-drift", value: s.OnSecretDrift, none: noPolicy,
			set: setting(&to.OnSecretDrift, policyOrNone(tokens.ValidateDriftPolicy)),
		},
		{name: "--grace-period", value: s.GracePeriod, none: noDuration, set: setting(&to.Grace, tokens.ParseGrace)},
		{
			name: "--protect-if-used-within", value: s.ProtectIfUsedWithin, none: noDuration,
			set: setting(&to.ProtectIfUsedWithin, durationOrNone),
		},
	}
}

// update returns what the flags set, the roles in groups apart. What is not of the right form is misuse.
func (s *tokenSettings) update() (u tokens.AccessTokenUpdate, err error) {
	for _, flag := range s.flags(&u.Settings) {
		if flag.value == nil {
			continue
		}
		if err := flag.set(flag.name, *flag.value); err != nil {
			return u, misuseOf(*flag.value, err)
		}
		u.Fields = append(append(u.Fields, flag.attribute()), flag.also...)
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
func (s *tokenSettings) explainPresent(err error) error {
	refused, ok := errors.AsType[*tokens.Error](err)
	if !ok || refused.Code != tokens.CodeInvalid {
		return err
	}
	for _, flag := range s.flags(new(tokens.Settings)) {
		if flag.attribute() == refused.Field && flag.value == nil && flag.none != "" {
			return fmt.Errorf("%w. The token has %s already: say %s %s, too, to take it off", err, refused.Field, flag.name, flag.none)
		}
	}
	return err
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

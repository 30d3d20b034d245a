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

// A setting of an access token is a flag here, and a line in flags that reads it. token create and token edit both take
// it from there.

// tokenSettings are the flags for the settings of an access token that is being made or edited.
type tokenSettings struct {
	Description *string              `help:"What the token is for." placeholder:"TEXT"`
	ExpiresAt   *string              `help:"When the token ends, in RFC 3339, such as 2030-01-31T12:00:00Z." placeholder:"TIME" xor:"expiry"`
	TTL         *string              `name:"ttl" help:"How long each secret of the token lives, such as 90d or 1h30m; instead of --expires-at." placeholder:"DURATION" xor:"expiry"`
	ActivatesAt *string              `help:"When the token becomes active, in RFC 3339; it is pending until then." placeholder:"TIME"`
	Role        *roleRef             `help:"The role of the token at its level, at most that of its technical user." placeholder:"ROLE" xor:"role" values:"roles"`
	GroupRole   map[groupRef]roleRef `help:"The role of the token in a group. Repeat the flag for several groups." placeholder:"GROUP=ROLE" xor:"group-role"`
	Visibility  *string              `help:"Who may know of the token: ${visibilities}." placeholder:"VISIBILITY" values:"visibilities"`

	// What becomes of the secrets of the token over time.
	RegenerateBeforeExpiry *string `help:"How long before its end a secret under --ttl is to be regenerated, such as 14d; 0s for not before. Only Terraform's plans act on it." placeholder:"DURATION"`
	OnExpired              *string `help:"What becomes of a token whose secret has expired: ${expiry_policies} (regenerate with --ttl, else ignore). Only Terraform's plans act on it." placeholder:"POLICY" values:"expiry-policies"`
	OnSecretDrift          *string `help:"What becomes of a token whose secret was regenerated or revoked outside Terraform: ${drift_policies} (regenerate). Only Terraform's plans act on it." placeholder:"POLICY" values:"drift-policies"`
	GracePeriod            *string `help:"How long the previous value stays valid after each regeneration, such as 36h, or until_expiry; 0s for not at all." placeholder:"DURATION|until_expiry" values:"graces"`
	ProtectIfUsedWithin    *string `help:"How long after its last use the token may not be taken away, such as 1d, at least 2m; 0s for no such protection. Only Terraform's plans act on it." placeholder:"DURATION"`
}

// settingFlag is a flag that gives an access token a setting.
type settingFlag struct {
	name string
	// value is nil if the flag is not given.
	value *string
	// set reads the value and fails if it does not have the right form.
	set func(field, value string) error
	// none is the value that removes the setting; empty if another flag does that.
	none string
	// also names what else the flag sets.
	also tokens.Fields
}

// attribute returns the name of the setting, which the errors of a backend use too.
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

// checked returns a function that reads a text and validates it.
func checked[T ~string](validate func(field string, value T) error) func(field, value string) (T, error) {
	return func(field, value string) (T, error) { return T(value), validate(field, T(value)) }
}

// flags returns the flags, except that for roles in groups, which takes a look-up.
func (s *tokenSettings) flags(to *tokens.Settings) []settingFlag {
	return []settingFlag{
		{name: "--description", value: s.Description, set: setting(&to.Description, checked(tokens.ValidateDescription))},
		{
			name: "--expires-at", value: s.ExpiresAt, also: tokens.Fields{"ttl"},
			set: setting(&to.ExpiresAt, tokens.ParseTimestamp),
		},
		{name: "--ttl", value: s.TTL, also: tokens.Fields{"expires_at"}, set: setting(&to.TTL, tokens.ParseDuration)},
		{name: "--activates-at", value: s.ActivatesAt, set: setting(&to.ActivatesAt, tokens.ParseTimestamp)},
		{name: "--role", value: (*string)(s.Role), set: setting(&to.Own.Role, checkedRole)},
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

// update returns what the flags set, except roles in groups. A value that does not have the right form is misuse.
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
		if _, err := checkedRole("--group-role", string(role)); err != nil {
			return u, misuseOf(string(role), err)
		}
	}
	return u, nil
}

// validateTokenName refuses what is no label, and what no command could name the token by.
func validateTokenName(field, name string) error {
	if err := tokens.ValidateLabel(field, name); err != nil {
		return misuseOf(name, err)
	}
	if name == onStandardInput {
		return misusef("%s must not be %q: that stands for a token whose value is on standard input, as in latchkey token "+
			"show - <value.txt, so nothing could name this one. Give it a name; its value is made here", field, name)
	}
	return nil
}

// checkedRole reads the name of a role, or its identifier or the beginning of that, to be looked up.
func checkedRole(field, value string) (string, error) {
	if !roleRef(value).isName() {
		return value, nil
	}
	return value, tokens.ValidateRole(field, value)
}

// resolveRoles looks up the roles and groups that the flags name, and adds them to the settings.
func (s *tokenSettings) resolveRoles(
	ctx context.Context, app *app, backend tokens.Backend, to *tokens.Settings,
) (err error) {
	if s.Role != nil {
		if to.Own.Role, err = app.findRole(ctx, backend, *s.Role); err != nil {
			return err
		}
	}
	for _, group := range slices.Sorted(maps.Keys(s.GroupRole)) {
		role := tokens.GroupRole{}
		if role.GroupID, err = app.findGroup(ctx, backend, group); err != nil {
			return err
		}
		if role.Role, err = app.findRole(ctx, backend, s.GroupRole[group]); err != nil {
			return err
		}
		to.Own.GroupRoles = append(to.Own.GroupRoles, role)
	}
	return nil
}

// visibilityNames returns the visibilities of access tokens.
func visibilityNames() []string {
	return []string{string(tokens.VisibilityOrganization), string(tokens.VisibilityRestricted)}
}

// The values that remove a setting.
const (
	noDuration = "0s"
	noPolicy   = "default"
)

// durationOrNone reads a duration, which may be zero.
func durationOrNone(field, value string) (time.Duration, error) {
	if none, err := tokens.ParseGrace(field, value); err == nil && none == (tokens.Grace{}) {
		return 0, nil
	}
	return tokens.ParseDuration(field, value)
}

// policyOrNone returns a function that reads a policy and validates it, or reads the word for none.
func policyOrNone[P ~string](validate func(field string, policy P) error) func(field, value string) (P, error) {
	return func(field, value string) (P, error) {
		if value == noPolicy {
			return "", nil
		}
		if err := validate(field, P(value)); err != nil {
			return "", fmt.Errorf("%w, or %q to remove the policy", err, noPolicy)
		}
		return P(value), nil
	}
}

// explainPresent adds to the refusal of an edit how to remove a setting that caused it, if the token has that setting
// already.
func (s *tokenSettings) explainPresent(err error) error {
	refused, ok := errors.AsType[*tokens.Error](err)
	if !ok || refused.Code != tokens.CodeInvalid {
		return err
	}
	for _, flag := range s.flags(new(tokens.Settings)) {
		if flag.attribute() == refused.Field && flag.value == nil && flag.none != "" {
			return fmt.Errorf("%w. The token already has %s: pass %s %s as well to remove it",
				err, refused.Field, flag.name, flag.none)
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

// graceNames returns the grace periods that are not durations.
func graceNames() []string { return []string{tokens.GraceUntilExpiry} }

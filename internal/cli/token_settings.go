package cli

import (
	"context"
	"maps"
	"slices"
	"strconv"
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

// misuseOf turns the error of a rule of the domain about a value on the command line into misuse. Like any argument the
// value is not repeated unless it is a plain word.
func misuseOf(value string, err error) error {
	return misusef("%s", strings.ReplaceAll(err.Error(), strconv.Quote(value), strconv.Quote(hideUnlessPlain(value))))
}

// visibilityNames returns the visibilities of access tokens.
func visibilityNames() []string {
	return []string{string(tokens.VisibilityOrganization), string(tokens.VisibilityRestricted)}
}

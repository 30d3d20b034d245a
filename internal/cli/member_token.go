package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// memberTokenCreate makes a personal token.
type memberTokenCreate struct {
	Member      memberRef            `arg:"" name:"member" optional:"" help:"${own_member_help}"`
	Name        string               `help:"A label for people; several tokens may have the same." required:"" placeholder:"TEXT"`
	Description *string              `help:"What the token is for." placeholder:"TEXT"`
	ExpiresAt   *string              `help:"When the token ends, in RFC 3339, such as 2030-01-31T12:00:00Z." placeholder:"TIME" xor:"expiry"`
	TTL         *string              `name:"ttl" help:"How long the token lives, such as 90d or 1h30m; instead of --expires-at." placeholder:"DURATION" xor:"expiry"`
	ActivatesAt *string              `help:"When the token becomes active, in RFC 3339; it is pending until then." placeholder:"TIME"`
	Role        *roleRef             `help:"The role of the token at organization level, at most that of the member. It narrows the member's shares, too." placeholder:"ROLE" values:"roles"`
	GroupRole   map[groupRef]roleRef `help:"The role of the token in a group. Repeat the flag for several groups." placeholder:"GROUP=ROLE"`
	JSON        bool                 `name:"json" help:"Answer in JSON, for programs; the value is the field token."`
}

// settings returns the flags that are those of other tokens, too.
func (c *memberTokenCreate) settings() *tokenSettings {
	return &tokenSettings{
		Description: c.Description, ExpiresAt: c.ExpiresAt, TTL: c.TTL, ActivatesAt: c.ActivatesAt, Role: c.Role,
		GroupRole: c.GroupRole,
	}
}

// Run makes a value and a personal token for it, and prints the value.
func (c *memberTokenCreate) Run(ctx context.Context, app *app) error {
	if err := validateTokenName("--name", c.Name); err != nil {
		return err
	}
	settings, err := c.settings().update()
	if err != nil {
		return err
	}
	return app.withBackend(func(backend tokens.Backend) error {
		token, err := c.newToken(ctx, app, backend, settings.Settings)
		var created tokens.CreatedAccessToken
		if err == nil {
			created, err = backend.CreateAccessToken(ctx, token)
		}
		if err != nil {
			return fmt.Errorf("unable to create the personal token: %w", err)
		}
		value := newValue{
			done: "Created", hint: "It is shown only this once.", secret: token.Secret, token: created.AccessToken,
		}
		if err := app.printNewValue(ctx, backend, value, c.JSON); err != nil {
			return err
		}
		app.note("Whoever has this value acts as %s, as far as the token's own roles allow.", created.User.Email)
		return nil
	})
}

// newToken returns what the token is made from, with a new value.
func (c *memberTokenCreate) newToken(
	ctx context.Context, app *app, backend tokens.Backend, settings tokens.Settings,
) (n tokens.NewAccessToken, err error) {
	n.Settings = settings
	n.Name, n.Enabled = c.Name, true
	ctx = lookingFor(ctx, tokens.ActionAccessTokenCreate, "")
	if n.MemberID, err = app.memberOrCaller(ctx, backend, c.Member); err != nil {
		return n, err
	}
	if err = c.settings().resolveRoles(ctx, app, backend, &n.Settings); err != nil {
		return n, err
	}
	n.NewSecretFor, err = app.newSecret(tokens.DefaultPrefix)
	return n, err
}

// memberTokenList lists personal tokens.
type memberTokenList struct {
	Member  memberRef `arg:"" name:"member" optional:"" help:"${own_member_help}"`
	Columns []string  `help:"Show these columns, in this order: ${token_columns}." placeholder:"COLUMN" values:"token-columns"`
	listFlags
}

// personalTokenListing is how the personal tokens of one member are listed: as other tokens, but for the member, who is
// the same for all.
var personalTokenListing = func() listing[listedToken] {
	l := tokenListing
	l.fields = slices.Clone(l.fields)
	for i := range l.fields {
		if l.fields[i].name == "technical_user" {
			l.fields[i].rank = onRequest
		}
	}
	return l
}()

// Run lists the personal tokens of a member.
func (c *memberTokenList) Run(ctx context.Context, app *app) error {
	columns, err := personalTokenListing.selected(c.Columns)
	if err != nil {
		return err
	}
	return app.withBackend(func(backend tokens.Backend) error {
		var page tokens.TokenPage
		memberID, err := app.memberOrCaller(lookingFor(ctx, tokens.ActionAccessTokenList, ""), backend, c.Member)
		if err == nil {
			page, err = backend.AccessTokens(ctx, tokens.TokenQuery{MemberID: memberID})
		}
		if err != nil {
			return fmt.Errorf("unable to list the personal tokens: %w", err)
		}
		list := documentsOf(page.AccessTokens, func(t tokens.AccessToken) listedToken {
			return listedToken{t, page.GroupNames, page.Roles}
		})
		return printList(app, personalTokenListing, columns, c.listFlags, list, "There are no personal tokens that may be shown.")
	})
}

// memberTokenDelete deletes personal tokens for good.
type memberTokenDelete struct {
	Tokens []personalTokenRef `arg:"" name:"token" help:"${personal_tokens_help}"`
	Yes    bool               `help:"Delete without asking."`
}

// Validate refuses what can name no personal token.
func (c *memberTokenDelete) Validate() error { return validateAll(c.Tokens) }

// Run asks the person at the terminal, unless told not to, and deletes the tokens.
func (c *memberTokenDelete) Run(ctx context.Context, app *app) error {
	refs := documentsOf(c.Tokens, func(ref personalTokenRef) tokenRef { return tokenRef(ref) })
	return deletion{refs: refs, yes: c.Yes, find: app.findPersonalToken, check: checkPersonal}.run(ctx, app)
}

// checkPersonal refuses a token of a technical user.
func checkPersonal(t tokens.AccessToken) error {
	if t.IsPersonal() {
		return nil
	}
	return misusef("%s belongs to technical user %s: latchkey token delete deletes it", describe(t), t.User.Email)
}

// personalTokenRef names a personal token.
type personalTokenRef string

// Validate refuses an empty text, and the identifier of another object.
func (ref personalTokenRef) Validate() error { return tokenRef(ref).Validate() }

// memberOrCaller returns the identifier of the member who is named or, for an empty reference, of the caller. Members need
// no permission to name themselves.
func (a *app) memberOrCaller(ctx context.Context, backend tokens.Backend, ref memberRef) (string, error) {
	self, err := backend.Whoami(ctx)
	if err != nil {
		return "", err
	}
	isMember := tokens.IsID(tokens.KindMember, self.AccountID)
	switch {
	case isMember && (ref == "" || tokens.SameEmail(self.Email, string(ref))):
		return self.AccountID, nil
	case ref == "":
		return "", misusef("whose personal tokens? Name the member, by the address for instance, or ask as one, %s", a.asMember())
	}
	member, err := a.findMember(ctx, backend, ref)
	return member.ID, err
}

// findPersonalToken returns the identifier of the personal token that is meant: a name, or the beginning of an identifier,
// is one of the caller's own tokens.
func (a *app) findPersonalToken(ctx context.Context, backend tokens.Backend, ref tokenRef) (string, error) {
	text := string(ref)
	if _, _, qualified := tokens.ParseQualifiedID(text); qualified || ref == onStandardInput ||
		tokens.IsID(tokens.KindAccessToken, text) {
		return a.findToken(ctx, backend, ref)
	}
	email, _, addressed := addressAndName(text)
	if !addressed {
		email = ""
	}
	memberID, err := a.memberOrCaller(ctx, backend, memberRef(email))
	if err != nil {
		if !addressed && errors.As(err, new(*misuse)) {
			err = misusef("%q does not say whose personal token it is: write <e-mail>/<name> or the identifier, which "+
				"latchkey member token list shows", harmless(text))
		}
		return "", err
	}
	page, err := backend.AccessTokens(ctx, tokens.TokenQuery{MemberID: memberID})
	if err != nil {
		return "", err
	}
	return a.only(tokens.KindAccessToken, text, documentsOf(page.AccessTokens, namedToken))
}

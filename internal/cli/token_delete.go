package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// tokenDelete deletes access tokens for good.
type tokenDelete struct {
	tokensArgument
	Yes bool `help:"Delete without asking."`
}

// Run asks the person at the terminal, unless told not to, and deletes the tokens.
func (c *tokenDelete) Run(ctx context.Context, app *app) error {
	return deletion{refs: c.Tokens, yes: c.Yes, find: app.findToken}.run(ctx, app)
}

// deletion deletes access tokens for good.
type deletion struct {
	refs []tokenRef
	// yes means that nobody is asked.
	yes bool
	// find returns the identifier of a token that is meant.
	find func(ctx context.Context, backend tokens.Backend, ref tokenRef) (string, error)
	// check refuses a token that the command is not for; nil for none.
	check func(tokens.AccessToken) error
}

// run asks the person at the terminal, unless told not to, and deletes the tokens.
func (d deletion) run(ctx context.Context, app *app) error {
	if err := d.checkArguments(app); err != nil {
		return err
	}
	return app.withBackend(func(backend tokens.Backend) error {
		var found []tokens.AccessToken
		failed := app.each(len(d.refs), func(i int) error {
			token, err := d.token(ctx, backend, d.refs[i])
			if err != nil {
				return fmt.Errorf("unable to delete access token %s: %w", d.refs[i], err)
			}
			if !slices.ContainsFunc(found, func(t tokens.AccessToken) bool { return t.ID == token.ID }) {
				found = append(found, token)
			}
			return nil
		})
		if len(found) == 0 {
			return failed
		}
		if !d.yes {
			if err := app.confirmDeletion(found); err != nil {
				return app.worse(failed, err)
			}
		}
		deletions := app.each(len(found), func(i int) error {
			if err := backend.DeleteAccessToken(ctx, found[i].ID); err != nil {
				return fmt.Errorf("unable to delete access token %s: %w", found[i].ID, err)
			}
			return app.printLine(tokens.Cleaned("Deleted " + describe(found[i])))
		})
		return app.worse(failed, deletions)
	})
}

// checkArguments refuses what can't be asked about, and what is too vague to be deleted without asking.
func (d deletion) checkArguments(app *app) error {
	for _, ref := range d.refs {
		if ref == onStandardInput {
			return misusef("deleting takes no value on standard input: name the token, as latchkey token show - tells it")
		}
		if d.yes && ref.isPrefix() {
			return misusef("%s is the beginning of an identifier: with --yes, write the whole identifier or a name", string(ref))
		}
	}
	if !d.yes && !app.StdinTerminal {
		return misusef("deleting needs confirmation, and standard input is not a terminal: "+
			"pass --yes to delete access token %s without it", joinRefs(d.refs))
	}
	return nil
}

func joinRefs(refs []tokenRef) string {
	texts := make([]string, len(refs))
	for i, ref := range refs {
		texts[i] = ref.String()
	}
	return strings.Join(texts, ", ")
}

// token returns the token that is meant. Without anybody to confirm it, whoever may not show it has its identifier alone.
func (d deletion) token(ctx context.Context, backend tokens.Backend, ref tokenRef) (tokens.AccessToken, error) {
	id, err := d.find(lookingFor(ctx, tokens.ActionAccessTokenDelete, ""), backend, ref)
	if err != nil {
		return tokens.AccessToken{}, err
	}
	purpose := lookingFor(ctx, tokens.ActionAccessTokenDelete, id)
	token, shown, err := shownTokenWithID(purpose, backend, id)
	if err == nil && !shown && !d.yes { // nobody can confirm what they don't see
		token, err = backend.AccessToken(purpose, id)
	}
	if err == nil && d.check != nil && token.ID != "" {
		err = d.check(token)
	}
	token.ID = id
	return token, err
}

// confirmDeletion names what is about to be deleted. It returns an error unless the answer is yes.
func (a *app) confirmDeletion(list []tokens.AccessToken) error {
	for _, t := range list {
		a.warnOfDeletion(t)
	}
	question := "Delete it?"
	if len(list) > 1 {
		question = fmt.Sprintf("Delete all %d?", len(list))
	}
	return a.confirm(question, "nothing was deleted")
}

// warnOfDeletion says what is deleted with a token, and whether it is in use.
func (a *app) warnOfDeletion(t tokens.AccessToken) {
	with := ", with its shares"
	switch {
	case t.IsPersonal():
		with = "" // it has none
	case t.User.SystemCreated:
		with += " and the technical user that was made for it"
	}
	use := "last use: " + a.countedUses(t)
	if tokens.IsProtected(t.ProtectIfUsedWithin, t.Status, t.LiveSecretsUsedAt(t.ObservedAt), t.ObservedAt) {
		use += fmt.Sprintf(", within the %s of protect_if_used_within: it is in use",
			tokens.FormatDuration(t.ProtectIfUsedWithin))
	}
	a.note("This deletes %s of %s for good%s. Its status is %s; %s. "+
		"Whoever uses it loses access at once, and it can't be recovered.",
		describe(t), t.User.Email, with, t.Status, use)
}

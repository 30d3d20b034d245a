package cli

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// newValueDocument is the answer of commands that make a value, in --json output: the token and, this once, its value.
type newValueDocument struct {
	Token string `json:"token"`
	tokenDocument
}

// newSecret makes a value for a request of its own.
func (a *app) newSecret(prefix string) (tokens.NewSecretFor, error) {
	secret, err := tokens.NewSecret(prefix)
	return tokens.NewSecretFor{RequestID: tokens.NewID(tokens.KindRequest, a.Now()), Secret: secret}, err
}

// printNewValue prints the value of a token to which something was done: with explanations on a terminal, else alone.
func (a *app) printNewValue(ctx context.Context, backend tokens.Backend, done, hint string, secret tokens.Secret, token tokens.AccessToken, asJSON bool) error {
	switch {
	case asJSON:
		roles, err := rolesOf(ctx, backend, token)
		if err != nil {
			return err
		}
		return a.printJSON(newValueDocument{secret.Reveal(), newTokenDocument(token, roles)})
	case a.StdoutTerminal:
		return a.printTable(tableView{rows: []tableRow{
			{cells: []string{done, describe(token)}},
			{cells: []string{"Status", string(token.Status)}},
			{cells: []string{"New value", secret.Reveal()}},
			{cells: []string{"", hint}},
		}})
	}
	return a.printLine(secret.Reveal())
}

package cli

import (
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// tokensArgument is the argument of a command that takes several access tokens.
type tokensArgument struct {
	Tokens []tokenRef `arg:"" name:"token" help:"${tokens_help}"`
}

// Validate refuses what can name no access token. The parser by itself validates single arguments only.
func (a tokensArgument) Validate() error { return validateAll(a.Tokens) }

// technicalUsersArgument is the argument of a command that takes several technical users.
type technicalUsersArgument struct {
	TechnicalUsers []technicalUserRef `arg:"" name:"technical-user" help:"${technical_users_help}"`
}

// Validate refuses what can name no technical user.
func (a technicalUsersArgument) Validate() error { return validateAll(a.TechnicalUsers) }

func validateAll[Ref interface{ Validate() error }](refs []Ref) error {
	for _, ref := range refs {
		if err := ref.Validate(); err != nil {
			return err
		}
	}
	return nil
}

// each calls do for each of several objects, by its number. All of them are tried, each with an answer of its own, and
// the command ends with the highest exit code.
func (a *app) each(number int, do func(i int) error) error {
	if number == 1 {
		return do(0)
	}
	worst := exitDone
	for i := range number {
		if err := do(i); err != nil {
			a.complain(err)
			worst = max(worst, exitCode(err))
		}
	}
	if worst == exitDone {
		return nil
	}
	return &toldError{worst}
}

// worse returns the error with the higher exit code, and complains about the other one.
func (a *app) worse(first, second error) error {
	if exitCode(first) > exitCode(second) {
		first, second = second, first
	}
	a.complain(first)
	return second
}

// eachToken carries out an operation on each of the access tokens that are meant, once where several texts mean the same
// one. The verb says in a message what could not be done.
func (a *app) eachToken(
	ctx context.Context, refs []tokenRef, action tokens.Action, verb string,
	do func(ctx context.Context, backend tokens.Backend, id string) error,
) error {
	return a.withBackend(func(backend tokens.Backend) error {
		done := map[string]bool{}
		return a.each(len(refs), func(i int) error {
			id, err := a.findToken(lookingFor(ctx, action, ""), backend, refs[i])
			if err == nil && !done[id] {
				done[id] = true
				err = do(lookingFor(ctx, action, id), backend, id)
			}
			if err != nil {
				return fmt.Errorf("unable to %s access token %s: %w", verb, refs[i], err)
			}
			return nil
		})
	})
}

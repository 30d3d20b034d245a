package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// bootstrap makes the first access token that may do everything.
type bootstrap struct {
	Output       string `help:"The file to write the value to, which only you can read. One that exists stays as it is." placeholder:"FILE" required:""`
	Organization string `help:"The name of the organization, for a database that does not exist yet, which keeps it: default if you name none." placeholder:"NAME"`
}

// Help says what is made, and when it is refused.
func (*bootstrap) Help() string {
	return "Makes technical user bootstrap, an owner, and an access token of the same name, which may do everything. The " +
		"database is made, too, if there is none. Whoever can write the database file may do this.\n\n" +
		"It is refused while an active token may do everything already. Should it be interrupted, FILE may hold a value that " +
		"is unknown: latchkey token verify <FILE tells, and then FILE can be deleted."
}

// Run makes the value, writes it to the file, and only then makes the token, so that no token exists whose value nobody
// has. A process that is killed between the two leaves a file with a value that is unknown.
func (c *bootstrap) Run(ctx context.Context, app *app) error {
	if app.actAs != "" {
		return misusef("--act-as: a bootstrap is for whoever can write the database file, to which the permissions of a member " +
			"do not apply; leave --act-as out")
	}
	if c.Organization != "" {
		if err := tokens.ValidateName("--organization", c.Organization); err != nil {
			return misuseOf(c.Organization, err)
		}
	}
	secret, err := app.newSecret(tokens.DefaultPrefix)
	if err != nil {
		return err
	}
	if err := writeSecretFile(c.Output, secret.Secret); err != nil {
		return err
	}
	made, err := app.bootstrap(ctx, c.Organization, secret)
	if tokens.ErrorReason(err) == tokens.ReasonOutcomeUnknown {
		return fmt.Errorf("unable to tell whether the token was made, whose value is in %s: run latchkey token verify with it, and "+
			"delete the file if it is not good: %w", harmless(c.Output), err)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("unable to bootstrap: %w", err), os.Remove(c.Output))
	}
	return c.tell(app, made)
}

// tell says what was made and what comes next.
func (c *bootstrap) tell(app *app, made tokens.Bootstrapped) error {
	token := made.AccessToken
	line := fmt.Sprintf("Made access token %s (%s) of %s, which may do everything in organization %s; its value is in %s",
		token.Name, token.ID, token.User.Email, made.Organization, c.Output)
	if err := app.printLine(tokens.Cleaned(line)); err != nil {
		return err
	}
	app.note("Next, put the value where only administrators can read it, delete the file, and start the server: " +
		"latchkey serve. Terraform and latchkey work through it with its address in " + tokens.EndpointVariable + " and the value in " +
		tokens.TokenVariable + ". An API that asks /v1/introspect needs no more than a token with tokens:introspect.")
	return nil
}

// writeSecretFile writes a value to a new file that only its owner can read, and returns when it is on the disk. Where
// that fails there is no file.
func writeSecretFile(path string, secret tokens.Secret) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // follows no link, either
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s exists already, and stays as it is: name another file with --output, or delete that one if its "+
			"value is not good any more, which latchkey token verify tells", harmless(path))
	}
	if err != nil {
		return fmt.Errorf("unable to make the file %s: %w", harmless(path), cause(err))
	}
	_, err = file.WriteString(secret.Reveal() + "\n")
	if err = errors.Join(err, file.Chmod(0o600), file.Sync(), file.Close()); err == nil {
		err = syncDirectory(filepath.Dir(path))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("unable to write the file %s: %w", harmless(path), cause(err)),
			os.Remove(path))
	}
	return nil
}

// syncDirectory waits until the names in a directory are on the disk. Windows writes them together with the files.
func syncDirectory(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	directory, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(directory.Sync(), directory.Close())
}

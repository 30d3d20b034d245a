package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// longestInput is how many bytes of standard input are read for a value: more than any value has.
const longestInput = 4096

// tokenVerify says whether a value is good.
type tokenVerify struct {
	JSON bool `name:"json" help:"Answer in JSON, for programs."`
}

// Help says where the value goes.
func (*tokenVerify) Help() string {
	return "With --endpoint the value goes to the server, over TLS, which says no more than the access token that asks may know. " +
		"A verification does not count as a use of the token."
}

// The reasons why a value is not active, beside the statuses of its token.
const (
	// reasonMalformed: it does not have the form of a value.
	reasonMalformed = "malformed"
	// reasonUnknown: no token has or had it, or the caller may not verify at the level of the token.
	reasonUnknown = "unknown"
	// reasonSuperseded: its token has been regenerated since.
	reasonSuperseded = "superseded"
)

// The secrets of a token that a value can be.
const (
	secretCurrent = "current"
	// secretPrevious: the one before the current one, still in its grace period.
	secretPrevious = "previous"
)

// verifyDocument is the answer of token verify in --json output.
type verifyDocument struct {
	Active bool `json:"active"`
	// Reason is why the value is not active: a status of the token, malformed, unknown or superseded. Null if it is
	// active.
	Reason *string `json:"reason"`
	// Secret is which secret of the token the value is: current or, during its grace period, previous. Null if it is
	// neither.
	Secret *string `json:"secret"`
	// AccessToken is the token to which the value belongs or belonged; null if there is none.
	AccessToken document `json:"access_token"`
}

// Run verifies the value on standard input without recording a use. If the value is not active, the exit code is 1.
func (c *tokenVerify) Run(ctx context.Context, app *app) error {
	value, err := app.readValue()
	if err != nil {
		return err
	}
	return app.withBackend(func(backend tokens.Backend) error {
		verification, reason, err := verifyValue(ctx, backend, value)
		if err != nil {
			return &untold{fmt.Errorf("unable to verify the value: %w", err)}
		}
		if c.JSON {
			document := verifyDocument{
				Active: verification.Active,
				Reason: textOrNull(reason),
				Secret: textOrNull(whichSecret(verification)),
			}
			if verification.AccessToken != nil {
				token, err := withRoles(ctx, backend, *verification.AccessToken)
				if err != nil {
					return err
				}
				document.AccessToken = tokenDocument(token)
			}
			err = app.printJSON(document)
		} else {
			var text string
			if text, err = app.explainVerification(ctx, backend, value, verification, reason); err == nil {
				err = app.printLine(tokens.Cleaned(text))
			}
		}
		if err == nil && !verification.Active {
			return errAnswerIsNo
		}
		return err
	})
}

// readValue reads a value from standard input, hidden if that is a terminal, and drops the blanks around it.
func (a *app) readValue() (string, error) {
	var value string
	if a.StdinTerminal {
		line, err := a.readHidden("Value (not shown): ")
		if err != nil {
			return "", err
		}
		value = line
	} else {
		input, err := io.ReadAll(io.LimitReader(a.Stdin, longestInput))
		if err != nil {
			return "", fmt.Errorf("unable to read the value from standard input: %w", err)
		}
		value = string(input)
	}
	value = strings.TrimSpace(value)
	if value == "" {
		return "", misusef("standard input holds no value: pass the value there, as in latchkey token verify <value.txt")
	}
	return value, nil
}

// readHidden asks the person at the terminal for a value, which is not shown.
func (e *Env) readHidden(prompt string) (string, error) {
	_, _ = fmt.Fprint(e.Stderr, prompt)
	line, err := e.ReadHidden()
	_, _ = fmt.Fprintln(e.Stderr)
	if err != nil {
		return "", fmt.Errorf("unable to read the value from the terminal: %w", err)
	}
	return line, nil
}

// moreThanAValue says what to do with a text that holds a value among other things.
const moreThanAValue = "there is more than the value, which has to stand there alone, without quotes; to look up the " +
	"values in a text, use latchkey scan -"

// holdsMore reports whether a text that is no value has one in it.
func holdsMore(text string) bool {
	found := errors.New("found")
	return tokens.FindSecrets(strings.NewReader(text), func(tokens.FoundSecret) error { return found }) != nil
}

// verifyValue asks the backend about a value. If the value is not active, it also returns the reason.
func verifyValue(ctx context.Context, backend tokens.SecretService, value string) (tokens.Verification, string, error) {
	secret, ok := tokens.PresentedSecret(value)
	if !ok || tokens.IsMiscopied(value) {
		return tokens.Verification{}, reasonMalformed, nil
	}
	verification, err := backend.VerifySecret(ctx, secret, tokens.VerifyOptions{})
	switch {
	case err != nil || verification.Active:
		return verification, "", err
	case verification.AccessToken == nil:
		return verification, reasonUnknown, nil
	case verification.Superseded:
		return verification, reasonSuperseded, nil
	}
	return verification, string(verification.AccessToken.Status), nil
}

// whichSecret says which secret of its token a value is, or returns an empty string for neither.
func whichSecret(v tokens.Verification) string {
	switch {
	case v.AccessToken == nil || v.Superseded:
		return ""
	case v.Previous:
		return secretPrevious
	}
	return secretCurrent
}

// explainVerification puts the answer about a value into a sentence.
func (a *app) explainVerification(
	ctx context.Context, backend tokens.Backend, value string, v tokens.Verification, reason string,
) (string, error) {
	if v.AccessToken == nil {
		if reason == reasonMalformed {
			if holdsMore(value) {
				return "not active: malformed; " + moreThanAValue, nil
			}
			return "not active: malformed; it does not have the form of a value (an identifier is not a value; " +
				"check that it was copied whole)", nil
		}
		text := "not active: unknown; no token of this database has or had this value, or its token has been deleted"
		if caller := a.limitedCaller(ctx, backend, tokens.PermissionIntrospectTokens); caller != "" {
			text += fmt.Sprintf(", or is at a level where %s may not verify: verify %s to find out", caller, a.asOwner())
		}
		return text, nil
	}
	t := *v.AccessToken
	owner := describe(t)
	if t.User.Email != "" { // else the token is restricted, and the caller may not know of it
		owner += " of " + t.User.Email
	}
	if v.Active {
		groups, err := groupNamesOf(ctx, backend, v.Grants)
		if err != nil {
			return "", err
		}
		text := fmt.Sprintf("active: %s; role: %s; ", owner, groups.describe(v.Grants))
		if v.Previous {
			return text + a.explainPrevious(t, "good until"), nil
		}
		return text + "expires: " + a.expiry(t), nil
	}
	text := fmt.Sprintf("not active: %s; %s %s", reason, owner, a.explainReason(t, reason))
	switch {
	case v.Previous:
		text += "; " + a.explainPrevious(t, "which ends at")
	case v.Superseded && isEndedPrevious(t, value):
		text += fmt.Sprintf("; the grace period of this one ended at %s", a.instant(t.Previous.EndsAt))
	}
	return text, nil
}

// explainPrevious says that a value is in its grace period, when that ends, and since when there has been another
// value.
func (a *app) explainPrevious(t tokens.AccessToken, end string) string {
	return fmt.Sprintf("it is the previous value, %s %s; the token has had a newer one since %s",
		end, a.instant(t.Previous.EndsAt), a.instant(t.RegeneratedAt))
}

// isEndedPrevious reports whether a value is the one before the current one and its grace period is over.
func isEndedPrevious(t tokens.AccessToken, value string) bool {
	return t.Previous != nil && !t.Previous.IsLive(t.ObservedAt) && strings.HasPrefix(value, t.Previous.Preview)
}

// explainReason continues a sentence that begins with the token: it says what happened and what helps.
func (a *app) explainReason(t tokens.AccessToken, reason string) string {
	switch reason {
	case reasonSuperseded:
		return fmt.Sprintf("was given another value at %s", a.instant(t.RegeneratedAt))
	case string(tokens.StatusHeld):
		return fmt.Sprintf("was put on hold %s; latchkey token release ends the hold", a.stopped(t.Held))
	case string(tokens.StatusDisabled):
		if t.Disabled == nil && t.User.Disabled != nil {
			return fmt.Sprintf("is stopped with its technical user, which was disabled %s", a.stopped(t.User.Disabled))
		}
		return fmt.Sprintf("was disabled %s; latchkey token enable ends that", a.stopped(t.Disabled))
	case string(tokens.StatusRevoked):
		return fmt.Sprintf("had its value revoked at %s; a regeneration gives it a new one", a.instant(t.Secret.EndedAt))
	case string(tokens.StatusExpired):
		return fmt.Sprintf("expired at %s", a.expiry(t))
	default:
		return fmt.Sprintf("becomes active at %s", a.instant(t.ActivatesAt))
	}
}

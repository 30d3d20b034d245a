package service

import (
	"context"
	"slices"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// checkTexts refuses texts in which a word is, or was, the secret of a token, whoever formed it, or the one that the same
// request brings. The rules for texts see only those that Latchkey formed.
func (o *operation) checkTexts(ctx context.Context, input any, brought ...tokens.Secret) error {
	for _, secret := range brought {
		if slices.Contains(tokens.SecretWords(input), secret.Reveal()) {
			return tokens.SecretInText("")
		}
	}
	tells, err := tellsSecret(ctx, o.View, input)
	if err != nil || !tells {
		return err
	}
	return tokens.SecretInText("")
}

// refusalOf returns the refusal of a creation by an input that may hold a secret in a text. Who may not create at all
// hears that first, as for any other text; but then nothing repeats the text.
func refusalOf(secret, err error, input any) error {
	switch code := tokens.ErrorCode(err); {
	case secret == nil, code == tokens.CodeUnavailable:
		return err
	case code == tokens.CodeForbidden:
		return tokens.WithoutWords(err, tokens.SecretWords(input))
	}
	return secret
}

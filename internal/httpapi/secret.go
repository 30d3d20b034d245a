package httpapi

import (
	"cmp"
	"encoding/json"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// secretValue is the value of an access token in a document. It encodes as a placeholder, as tokens.Secret does: only
// what leaves for the other side is encoded by toBeSent.
type secretValue struct {
	tokens.Secret
	// given means that the document has a value, also one that can be no secret and is not kept.
	given bool
}

// given returns the value for a document that the client sends.
func given(s tokens.Secret) secretValue { return secretValue{s, true} }

// UnmarshalJSON reads a value, or null for none.
func (s *secretValue) UnmarshalJSON(text []byte) error {
	var value *string
	if err := json.Unmarshal(text, &value); err != nil || value == nil {
		return err
	}
	s.Secret, _ = tokens.PresentedSecret(*value) // what can be none is judged as the zero secret
	s.given = true
	return nil
}

// revealed returns the value as it is sent; nil, which is null, for none.
func (s secretValue) revealed() *string {
	if !s.given {
		return nil
	}
	value := s.Reveal()
	return &value
}

// toBeSent returns what to encode of a document that leaves for the other side: where it holds a secret, a document that
// shows it.
func toBeSent(document any) any {
	if holder, ok := document.(interface{ revealed() any }); ok {
		return holder.revealed()
	}
	return document
}

// newSecret is the part of a creation or a regeneration that tells the new value.
type newSecret struct {
	Token       secretValue `json:"token" jsonschema:"The value, which the client made. Left out, the server makes it and shows it in this one answer."`
	TokenPrefix string      `json:"token_prefix,omitempty" jsonschema:"The beginning of a value that the server makes: 1 to 8 lower-case letters and digits."`
}

// domain returns the request for a new secret: with the value that the client sent or, where it sent none, with one that
// is made here. CodeInvalid.
func (n newSecret) domain(r tokens.Request) (tokens.NewSecretFor, error) {
	if n.Token.given {
		if n.TokenPrefix != "" {
			return tokens.NewSecretFor{}, tokens.Invalid("token_prefix",
				"it is for a value that the server makes: leave token_prefix out, or token")
		}
		return tokens.NewSecretFor{Request: r, Secret: n.Token.Secret}, nil
	}
	secret, err := tokens.NewSecret(cmp.Or(n.TokenPrefix, tokens.DefaultPrefix))
	return tokens.NewSecretFor{Request: r, Secret: secret, Generated: true}, err
}

// shown returns the value that the answer to a request for a new secret shows: the one that was made here.
func shown(n tokens.NewSecretFor) secretValue {
	if n.Generated {
		return given(n.Secret)
	}
	return secretValue{}
}

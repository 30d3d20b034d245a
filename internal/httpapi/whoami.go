package httpapi

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// self is who asks.
type self struct {
	AccessTokenID *string `json:"access_token_id" jsonschema:"The access token by which the caller asks."`
	AccountID     *string `json:"account_id" jsonschema:"The technical user or the member to whom that belongs."`
	Email         string  `json:"email,omitempty" jsonschema:"The e-mail address of the technical user or member."`
	// Grants are the roles of the account.
	grants
	Own    *grants `json:"own" jsonschema:"The roles to which the access token narrows those of the account; null where it doesn't."`
	Access access  `json:"access" jsonschema:"What all of these allow."`
}

func selfOf(s tokens.Self) self {
	document := self{
		AccessTokenID: textOrNull(s.AccessTokenID), AccountID: textOrNull(s.AccountID), Email: s.Email,
		grants: grantsOf(s.Grants), Access: accessOf(s.Access),
	}
	if s.Own != nil {
		own := grantsOf(*s.Own)
		document.Own = &own
	}
	return document
}

func (s self) domain() (tokens.Self, error) {
	self := tokens.Self{
		AccessTokenID: textOrEmpty(s.AccessTokenID), AccountID: textOrEmpty(s.AccountID), Email: s.Email,
		Grants: s.granted(), Access: s.Access.domain(),
	}
	if s.Own != nil {
		own := s.Own.granted()
		self.Own = &own
	}
	return self, nil
}

// The operation on whoever asks.
var showCaller = operation[noInput, self]{
	"GET", "/v1/caller", "showCaller", "Show who asks, and what the caller may do", false,
}

// callerEndpoints are what a server does for whoever asks.
func callerEndpoints() []endpoint {
	return []endpoint{
		served(showCaller, func(ctx context.Context, b tokens.Backend, _ noInput) (self, error) {
			return answered(selfOf)(b.Whoami(ctx))
		}),
	}
}

// Whoami implements tokens.Backend.
func (c *Client) Whoami(ctx context.Context) (tokens.Self, error) {
	return received(self.domain)(ask(ctx, c, showCaller, noInput{}))
}

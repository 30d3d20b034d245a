package cli

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// limitedCaller returns how messages call the caller, unless it holds the permission at organization level and so misses
// nothing of what that opens; empty then. Where nobody can tell, the caller may miss something.
func (a *app) limitedCaller(ctx context.Context, backend tokens.CallerService, permission string) string {
	if a.actAs == "" && a.server == nil { // it is the owner of the file
		return ""
	}
	self, err := backend.Whoami(ctx)
	switch {
	case err != nil:
		return a.whoever()
	case self.Access.Organization.Allows(permission):
		return ""
	}
	return self.Email
}

// whoever returns how messages call a caller without asking who it is; empty for the owner of the file.
func (a *app) whoever() string {
	if a.server != nil {
		return "you"
	}
	return a.actAs
}

// asOwner says how to ask as somebody who may see everything.
func (a *app) asOwner() string {
	if a.server != nil {
		return "by the access token of an owner"
	}
	return "without --act-as"
}

// asMember says how to ask as a member.
func (a *app) asMember() string {
	if a.server != nil {
		return "by a personal token"
	}
	return "with --act-as"
}

package backendtest

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// requesting is a backend that gives each creation a request id of its own, unless the test named one.
type requesting struct {
	tokens.Backend
	clock *Clock
}

func (r requesting) fill(request *tokens.Request) {
	if request.RequestID == "" {
		request.RequestID = tokens.NewID(tokens.KindRequest, r.clock.Now())
	}
}

func (r requesting) CreateGroup(ctx context.Context, n tokens.NewGroup) (tokens.Group, error) {
	r.fill(&n.Request)
	return r.Backend.CreateGroup(ctx, n)
}

func (r requesting) CreateRole(ctx context.Context, n tokens.NewRole) (tokens.Role, error) {
	r.fill(&n.Request)
	return r.Backend.CreateRole(ctx, n)
}

func (r requesting) CreateMember(ctx context.Context, n tokens.NewMember) (tokens.Member, error) {
	r.fill(&n.Request)
	return r.Backend.CreateMember(ctx, n)
}

func (r requesting) CreateTechnicalUser(ctx context.Context, n tokens.NewTechnicalUser) (tokens.TechnicalUser, error) {
	r.fill(&n.Request)
	return r.Backend.CreateTechnicalUser(ctx, n)
}

func (r requesting) ShareAccessToken(ctx context.Context, n tokens.NewTokenShare) (tokens.TokenShare, error) {
	r.fill(&n.Request)
	return r.Backend.ShareAccessToken(ctx, n)
}

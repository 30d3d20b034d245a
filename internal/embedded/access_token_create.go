package embedded

import (
	"cmp"
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// namesakesNamed is how many namesakes the answer to a creation names at most.
const namesakesNamed = 10

// CreateAccessToken implements tokens.Backend.
func (b *Backend) CreateAccessToken(ctx context.Context, n tokens.NewAccessToken) (tokens.CreatedAccessToken, error) {
	n.ActivatesAt, n.ExpiresAt = kept(n.ActivatesAt), kept(n.ExpiresAt)
	invalid := n.Validate(b.now())
	return create(ctx, b, tokens.ActionAccessTokenCreate, creation{n.Name, invalid, n.TechnicalUserID != "" || n.GroupID != "" || len(n.Own.GroupRoles) > 0}, func(o *operation) (created tokens.CreatedAccessToken, err error) {
		request := o.creationRequest(n)
		id, repeated, err := o.repeated(ctx, request)
		switch {
		case err != nil:
			return created, err
		case repeated:
			if created.AccessToken, err = o.AccessToken(ctx, id); tokens.ErrorCode(err) == tokens.CodeNotFound {
				return created, tokens.Conflict("request_id", id, "access token %s, which this request made, has been deleted since: to make another one send a new request", id)
			}
		default:
			if created.AccessToken, err = o.createAccessToken(ctx, n); err == nil {
				request.ObjectID = created.ID
				err = o.InsertRequest(ctx, request)
			}
		}
		if err != nil {
			return created, err
		}
		if created.Namesakes, err = o.UnusedNamesakes(ctx, created.AccessToken, namesakesNamed); err != nil {
			return created, err
		}
		created.AccessToken = created.Observed(o.now, tokens.NewRoles(nil))
		for i := range created.Namesakes {
			created.Namesakes[i] = created.Namesakes[i].Observed(o.now, tokens.NewRoles(nil))
		}
		return created, nil
	})
}

// createAccessToken makes an access token, and a technical user for it where none is named.
func (o *operation) createAccessToken(ctx context.Context, n tokens.NewAccessToken) (t tokens.AccessToken, err error) {
	if err := n.Validate(o.now); err != nil {
		return t, err
	}
	n.Own.GroupRoles = sortedGroupRoles(n.Own.GroupRoles)
	t = tokens.AccessToken{
		ID: tokens.NewID(tokens.KindAccessToken, o.now), Name: n.Name, Description: n.Description, Own: n.Own, Visibility: cmp.Or(n.Visibility, tokens.VisibilityOrganization),
		Enabled: n.Enabled, Disabled: o.disabledFromStart(n.Enabled), ActivatesAt: n.ActivatesAt, ExpiresAt: n.ExpiresAt, TTL: n.TTL,
		Secret: tokens.SecretState{Version: 1, Preview: n.Secret.Preview(), CreatedAt: o.now}, CreatedAt: o.now, UpdatedAt: o.now,
	}
	if t.User, err = o.userOf(ctx, n, t.ID); err != nil {
		return t, err
	}
	// The settings were checked by themselves; an update that changes nothing checks that they fit the technical user.
	if _, err := (tokens.AccessTokenUpdate{}).Apply(t, o.backend.options.Actor, o.now); err != nil {
		return t, err
	}
	if err := o.checkGroups(ctx, t.Own.GroupRoles); err != nil {
		return t, err
	}
	if err := o.checkUnusedSecret(ctx, n.Secret); err != nil {
		return t, err
	}
	if err := o.InsertAccessToken(ctx, t); err != nil {
		return t, err
	}
	if err := o.InsertSecret(ctx, t.ID, n.Secret.Hash(), t.Secret); err != nil {
		return t, err
	}
	return t, o.record(ctx, tokens.ActionAccessTokenCreate, t.ID, t.Name, "")
}

// userOf returns the technical user that a new access token is to have: the one it names, or a new one.
func (o *operation) userOf(ctx context.Context, n tokens.NewAccessToken, tokenID string) (tokens.TechnicalUser, error) {
	if n.TechnicalUserID == "" {
		return o.createTechnicalUser(ctx, n.NewSystemUser(tokenID), true)
	}
	u, err := o.TechnicalUser(ctx, n.TechnicalUserID)
	if err != nil {
		return u, invalidReference(err, "technical_user_id", tokens.KindTechnicalUser, n.TechnicalUserID)
	}
	if u.SystemCreated {
		return u, tokens.Invalid("technical_user_id", "technical user %s was made for one access token and will be deleted with it: "+
			"name another technical user, or leave technical_user_id out to have one made for this token", u.Email)
	}
	return u, nil
}

// checkUnusedSecret refuses a secret that was ever used, and does not tell by whom.
func (o *operation) checkUnusedSecret(ctx context.Context, secret tokens.Secret) error {
	used, err := o.SecretExists(ctx, secret.Hash())
	if err != nil || !used {
		return err
	}
	return tokens.Conflict("token", "", "this value was used before, and a value is never used twice: send a new one")
}

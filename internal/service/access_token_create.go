package service

import (
	"cmp"
	"context"
	"math"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// maxNamesakes limits how many namesakes the answer to a creation lists.
const maxNamesakes = 10

// CreateAccessToken implements tokens.Backend.
func (b *Backend) CreateAccessToken(ctx context.Context, n tokens.NewAccessToken) (tokens.CreatedAccessToken, error) {
	b.willStore(n.Secret)
	n = tokens.Normalized(n).WithDefaults()
	n.ActivatesAt, n.ExpiresAt = asStored(n.ActivatesAt), asStored(n.ExpiresAt)
	name := n.Name
	if n.Visibility == tokens.VisibilityRestricted {
		name = "" // people who may not know about the token may read the event of a refusal
	}
	return create(ctx, b, tokens.KindAccessToken, tokens.ActionAccessTokenCreate, creation[tokens.CreatedAccessToken]{
		request: n.Request, input: n, brings: n.Secret, name: name, invalid: n.Validate(b.now()),
		refers: cmp.Or(referenceTo(tokens.KindTechnicalUser, n.TechnicalUserID), referenceTo(tokens.KindMember, n.MemberID),
			referenceTo(tokens.KindGroup, n.GroupID), referenceIn(n.Own)),
		make: func(o *operation) (created tokens.CreatedAccessToken, id string, err error) {
			t, err := o.createAccessToken(ctx, n)
			if err == nil {
				created, err = o.created(ctx, t)
			}
			return created, t.ID, err
		},
		again: func(o *operation, made store.Request) (created tokens.CreatedAccessToken, err error) {
			t, err := o.AccessToken(ctx, made.ObjectID)
			if err != nil {
				return created, err
			}
			if err := o.mayCreate(t, n.Secret); err != nil {
				return created, err
			}
			if n.Generated {
				return created, secretAlreadyShown(t.ID)
			}
			return o.created(ctx, t)
		},
	})
}

// secretAlreadyShown is the error of a request that is sent again, whose first answer showed a secret that was made for it.
func secretAlreadyShown(tokenID string) error {
	return tokens.Conflict("", tokenID, "the same request took effect before, on access token %s, and its answer showed "+
		"the secret, which can't be shown again: regenerate the token if that answer was lost", tokenID).
		Because(tokens.ReasonSecretAlreadyShown)
}

// created returns the answer to creating a token.
func (o *operation) created(ctx context.Context, t tokens.AccessToken) (created tokens.CreatedAccessToken, err error) {
	created.AccessToken = t.Observed(o.now, o.roles)
	created.Namesakes, err = o.namesakes(ctx, created.AccessToken)
	return created, err
}

// namesakes returns the unused tokens that have the same name as a new one and that the caller may show.
func (o *operation) namesakes(ctx context.Context, of tokens.AccessToken) ([]tokens.AccessToken, error) {
	if of.IsPersonal() || of.Ephemeral {
		return nil, nil
	}
	limit := maxNamesakes
	if o.caller.AccountID != "" {
		limit = math.MaxInt // the caller may not be allowed to see the first ones
	}
	ids, err := o.UnusedNamesakes(ctx, of, limit)
	if err != nil {
		return nil, err
	}
	var shown []tokens.AccessToken
	for _, id := range ids {
		t, custom, err := o.AccessTokenWithRoles(ctx, id)
		if err != nil {
			return nil, err
		}
		o.know(custom)
		if o.backend.addUses(&t); !t.LastUsedAt.IsZero() {
			continue // the database does not tell yet
		}
		share, err := shareWith(ctx, o.View, o.caller, id)
		if err != nil {
			return nil, err
		}
		if o.caller.MayUse(tokens.OperationShow, t, share, o.roles) == nil {
			shown = append(shown, t.Observed(o.now, o.roles))
		}
		if len(shown) == maxNamesakes {
			break
		}
	}
	return shown, nil
}

// mayCreate checks that the caller may create a token with a secret.
func (o *operation) mayCreate(t tokens.AccessToken, secret tokens.Secret) error {
	access := t.Access(o.roles)
	if t.IsPersonal() {
		return o.caller.MayCreatePersonalToken(t.MemberID(), access, t.Limit(o.roles), t.Settings, t.SecretExpiresAt())
	}
	return o.caller.MayCreateToken(t.User.GroupID, t.Settings, secret, access)
}

// createAccessToken creates an access token and, if the input names no account to which it belongs, a technical user for
// it.
func (o *operation) createAccessToken(ctx context.Context, n tokens.NewAccessToken) (t tokens.AccessToken, err error) {
	if err := n.Validate(o.now); err != nil {
		return t, err
	}
	n.Own.GroupRoles = sortedGroupRoles(n.Own.GroupRoles)
	t = tokens.AccessToken{
		ID:        tokens.NewID(tokens.KindAccessToken, o.now),
		Settings:  n.Settings,
		CreatorID: o.caller.AccountID,
		Ephemeral: n.Ephemeral,
		Disabled:  o.disabledFromStart(n.Enabled),
		Secret:    tokens.SecretState{Version: 1, Preview: n.Secret.Preview(), CreatedAt: o.now},
		CreatedAt: o.now,
		UpdatedAt: o.now,
	}
	if t.User, err = o.userOf(ctx, n, t.ID); err != nil {
		return t, err
	}
	if err := o.knowRolesOf(ctx, t.Own, t.User.Grants); err != nil {
		return t, err
	}
	if err := o.mayCreate(t, n.Secret); err != nil {
		return t, err
	}
	if n.TechnicalUserID != "" && t.User.SystemCreated {
		return t, tokens.Invalid("technical_user_id",
			"technical user %s was created for one access token and will be deleted with it: "+
				"name another technical user, or leave technical_user_id out to have one created for this token", t.User.ID)
	}
	// Validate checked the settings by themselves. An empty update checks that they fit the technical user.
	if _, err := t.Updated(tokens.AccessTokenUpdate{}, o.actor, o.now); err != nil {
		return t, err
	}
	if err := o.checkGrants(ctx, tokens.Grants{}, t.Own); err != nil {
		return t, err
	}
	if t.User.ID == "" {
		if t.User, err = o.createTechnicalUser(ctx, n.NewSystemUser(t.ID), true); err != nil {
			return t, err
		}
	}
	if err := o.checkUnusedSecret(ctx, n.Secret); err != nil {
		return t, err
	}
	if t.Ephemeral {
		if err := o.deleteLeftOvers(ctx, t.User.ID); err != nil {
			return t, err
		}
	}
	if err := o.InsertAccessToken(ctx, t); err != nil {
		return t, err
	}
	if err := o.InsertSecret(ctx, t.ID, n.Secret.Hash(), t.Secret); err != nil {
		return t, err
	}
	return t, o.record(ctx, tokens.ActionAccessTokenCreate, t.ID, t.Name, because(purposeOf(t)))
}

// purposeOf says of a new token whose or what for it is, where it is no lasting one of a technical user.
func purposeOf(t tokens.AccessToken) string {
	if t.Ephemeral {
		return "ephemeral, until " + tokens.FormatTimestamp(t.ExpiresAt)
	}
	return ofMember(t)
}

// ofMember says whose a personal token is; empty for a token of a technical user.
func ofMember(t tokens.AccessToken) string {
	if !t.IsPersonal() {
		return ""
	}
	return "a personal token of " + t.User.Email
}

// userOf returns the account of a new access token: the one that the input names, or a draft of a technical user to
// create.
func (o *operation) userOf(ctx context.Context, n tokens.NewAccessToken, tokenID string) (tokens.TechnicalUser, error) {
	if n.MemberID != "" {
		m, err := o.Member(ctx, n.MemberID)
		return m.Account(), invalidReference(err, "member_id", tokens.KindMember, n.MemberID)
	}
	if n.TechnicalUserID == "" {
		u := n.NewSystemUser(tokenID)
		draft := tokens.TechnicalUser{
			GroupID:               u.GroupID,
			TechnicalUserSettings: u.TechnicalUserSettings,
			SystemCreated:         true,
		}
		return draft, nil
	}
	u, err := o.TechnicalUser(ctx, n.TechnicalUserID)
	return u, invalidReference(err, "technical_user_id", tokens.KindTechnicalUser, n.TechnicalUserID)
}

// checkUnusedSecret refuses a value that was ever a secret of any token. The error says which token that is only where it is
// the present secret of one that the caller may give a secret: others may be unknown to it.
func (o *operation) checkUnusedSecret(ctx context.Context, secret tokens.Secret) error {
	used, err := o.SecretExists(ctx, secret.Hash())
	if err != nil || !used {
		return err
	}
	holder, err := o.holderOf(ctx, secret)
	if err != nil {
		return err
	}
	if holder != nil {
		return tokens.Taken(tokens.KindAccessToken, "token", holder.ID, "this value is the present secret of access token %s, "+
			"and no value is used twice", describe(*holder)).Because(tokens.ReasonSecretHeld)
	}
	return tokens.Conflict("token", "", "this value was used before, and no value is used twice: send a new one")
}

// holderOf returns the token whose current secret a value is, if the caller may give that token a secret; nil for none.
func (o *operation) holderOf(ctx context.Context, secret tokens.Secret) (*tokens.AccessToken, error) {
	row, custom, ok, err := o.SecretWithHash(ctx, secret.Hash())
	if err != nil || !ok || !row.IsCurrent(secret) || row.AccessToken.IsPersonal() {
		return nil, err
	}
	o.know(custom)
	share, err := shareWith(ctx, o.View, o.caller, row.AccessToken.ID)
	if err != nil || o.caller.MayUse(tokens.OperationBring, row.AccessToken, share, o.roles) != nil {
		return nil, err
	}
	return &row.AccessToken, nil
}

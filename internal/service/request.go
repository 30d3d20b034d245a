package service

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// requestsKept is how long a request is recognized when it is sent again.
const requestsKept = 7 * 24 * time.Hour

// repeated tells whether the request took effect before, and on which object. The id of a request that was used for
// something else is a conflict.
func (o *operation) repeated(ctx context.Context, request store.Request) (objectID string, repeated bool, err error) {
	if err := o.DeleteRequestsBefore(ctx, o.now.Add(-requestsKept)); err != nil {
		return "", false, err
	}
	known, ok, err := o.Request(ctx, request.ID)
	if err != nil || !ok {
		return "", false, err
	}
	if known.Actor != request.Actor {
		return "", false, tokens.Conflict("request_id", "", "request id %s was used before: send each request with an id of its own", known.ID)
	}
	if known.Operation != request.Operation || known.Digest != request.Digest {
		return "", false, tokens.Conflict("request_id", known.ObjectID, "request id %s was used for another request: send each request with an id of its own, and change nothing in one that is sent again", known.ID)
	}
	return known.ObjectID, true, nil
}

// creationRequest is the record of a request for a new access token.
func (o *operation) creationRequest(n tokens.NewAccessToken) store.Request {
	return o.request(n.RequestID, tokens.ActionAccessTokenCreate, n.Secret.Hash().String(), n.Name, n.Description, n.TechnicalUserID, n.GroupID,
		n.Own.Role, sortedGroupRoles(n.Own.GroupRoles), cmp.Or(n.Visibility, tokens.VisibilityOrganization), n.Enabled, instantOf(n.ActivatesAt), instantOf(n.ExpiresAt), n.TTL, n.Policies)
}

// regenerationRequest is the record of a request for a new secret, with all that is to change along with it.
func (o *operation) regenerationRequest(tokenID string, u tokens.AccessTokenUpdate) store.Request {
	return o.request(u.Regeneration.RequestID, tokens.ActionAccessTokenRegenerate, u.Regeneration.Secret.Hash().String(), tokenID,
		u.Regeneration.Reason, u.Regeneration.ExpectedVersion, content(u.Name), content(u.Description), content(u.Role), contentOf(u.GroupRoles, sortedGroupRoles),
		content(u.Visibility), content(u.Enabled), contentOf(u.ActivatesAt, instantOf), contentOf(u.ExpiresAt, instantOf), content(u.TTL),
		content(u.RegenerateBeforeExpiry), content(u.OnExpired), content(u.OnSecretDrift), content(u.Grace), content(u.ProtectIfUsedWithin), content(u.Regeneration.Grace))
}

// request returns the record of a request with this content.
func (o *operation) request(id string, operation tokens.Action, parts ...any) store.Request {
	text, err := json.Marshal(parts)
	if err != nil {
		panic(err) // texts, numbers and lists of them can be encoded
	}
	digest := sha256.Sum256(text)
	return store.Request{ID: id, Actor: o.actor, Operation: operation, Digest: hex.EncodeToString(digest[:]), CreatedAt: o.now}
}

// content is a change as a part of a request: nothing, or a list of the one new value.
func content[T any](c tokens.Change[T]) any {
	return contentOf(c, func(value T) T { return value })
}

// contentOf is content in a form in which equal values are equal texts.
func contentOf[T, U any](c tokens.Change[T], form func(T) U) any {
	value, ok := c.Get()
	if !ok {
		return nil
	}
	return []U{form(value)}
}

// instantOf writes an instant, zero as the empty text.
func instantOf(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return tokens.FormatTimestamp(t)
}

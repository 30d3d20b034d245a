package service

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Events implements tokens.Backend.
func (b *Backend) Events(ctx context.Context, query tokens.EventQuery) ([]tokens.Event, error) {
	return readAs(ctx, b, func(r reader) ([]tokens.Event, error) {
		now, limit := b.now(), query.Limit
		if !r.caller.IsOwner() {
			query.Limit = 0 // counts what the caller may see
		}
		shown, err := r.eventsUntil(ctx, query, now)
		if err != nil {
			return nil, err
		}
		if !r.caller.IsOwner() {
			known, err := r.knownObjects(ctx, now)
			if err != nil {
				return nil, err
			}
			shown = slices.DeleteFunc(shown, func(e tokens.Event) bool { return !known(e.ObjectID) })
		}
		if limit > 0 {
			shown = shown[max(0, len(shown)-limit):]
		}
		return shown, nil
	})
}

// eventsUntil returns the events that are written and, behind them, the ends of graces that no change has written yet.
func (r reader) eventsUntil(ctx context.Context, query tokens.EventQuery, now time.Time) ([]tokens.Event, error) {
	events, err := r.View.Events(ctx, query)
	if err != nil {
		return nil, err
	}
	ended, err := r.EndedGraces(ctx, now)
	for _, e := range ended {
		if (query.ObjectID == "" || query.ObjectID == e.AccessToken.ID) && !e.Secret.EndsAt.Before(query.Since) {
			events = append(events, graceEnded(e))
		}
	}
	return events, err
}

// knownObjects returns a function that tells whether a caller who is no owner may know what happened to an object: to a
// token that it may show, and its shares; to a technical user that it manages; and, where it manages accounts at
// organization level, to a member, group or role, and what made no object.
func (r reader) knownObjects(ctx context.Context, now time.Time) (func(objectID string) bool, error) {
	shown := map[string]bool{}
	all, err := r.shownAccessTokens(ctx, now)
	if err != nil {
		return nil, err
	}
	for _, t := range all.AccessTokens {
		shown[t.ID] = true
	}
	users, err := r.managedTechnicalUsers(ctx)
	if err != nil {
		return nil, err
	}
	for _, u := range users {
		shown[u.ID] = true
	}
	accounts := r.caller.MayManageAccounts("", "", "") == nil
	return func(objectID string) bool {
		objectID, _, _ = strings.Cut(objectID, "/") // a share, which begins with its token
		switch kind, _, _ := strings.Cut(objectID, "_"); kind {
		case string(tokens.KindAccessToken), string(tokens.KindTechnicalUser):
			return shown[objectID]
		case "", string(tokens.KindMember), string(tokens.KindGroup), string(tokens.KindRole):
			return accounts
		}
		return false
	}, nil
}

// detail says in an event which settings changed.
func detail(changed tokens.Fields) string { return "changed " + changed.String() }

// unswitched returns the changed settings without the switch, which has events of its own.
func unswitched(changed tokens.Fields) tokens.Fields {
	return slices.DeleteFunc(slices.Clone(changed), func(setting string) bool { return setting == "enabled" })
}

package service

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Events implements tokens.Backend.
func (b *Backend) Events(ctx context.Context, query tokens.EventQuery) ([]tokens.Event, error) {
	return readAs(ctx, b, func(r reader) ([]tokens.Event, error) {
		pending, err := r.endsOfGraces(ctx, query, b.now())
		if err != nil {
			return nil, err
		}
		latest := pending // the latest first
		if query.Limit == 0 || len(latest) < query.Limit {
			written, err := r.writtenEvents(ctx, query, len(latest))
			if err != nil {
				return nil, err
			}
			latest = append(latest, written...)
		} else {
			latest = latest[:query.Limit]
		}
		slices.Reverse(latest)
		return latest, nil
	})
}

// endsOfGraces returns the ends of graces that no change has written yet, of those that the caller may know of, the latest
// first.
func (r reader) endsOfGraces(ctx context.Context, query tokens.EventQuery, now time.Time) (latest []tokens.Event, err error) {
	ended, err := r.EndedGraces(ctx, now)
	if err != nil {
		return nil, err
	}
	for _, e := range slices.Backward(ended) {
		if (query.ObjectID == "" || query.ObjectID == e.AccessTokenID) && !e.Secret.EndsAt.Before(query.Since) {
			latest = append(latest, graceEnded(e))
		}
	}
	return r.knownEvents(ctx, latest)
}

// batchOfEvents is how many events are in memory at most where the rules may drop some of them.
const batchOfEvents = 500

// writtenEvents returns the latest events that the caller may know of, the latest first: as many as the query has room for
// beside others.
func (r reader) writtenEvents(ctx context.Context, query tokens.EventQuery, others int) (latest []tokens.Event, err error) {
	selection := store.EventSelection{EventQuery: query, Audience: audienceOf(r.caller), Accounts: r.caller.MayManageAccounts("", "", "") == nil}
	selection.UsersEverywhere = selection.Accounts
	for groupID := range r.caller.Access.Groups {
		if r.caller.MayManageAccounts(groupID, "", "") == nil {
			selection.UsersIn = append(selection.UsersIn, groupID)
		}
	}
	if query.Limit == 0 && r.caller.IsOwner() {
		return r.eventsOf(ctx, &selection)
	}
	for {
		room := query.Limit - others - len(latest)
		if query.Limit == 0 {
			room = batchOfEvents
		}
		selection.Limit = min(room, batchOfEvents)
		before := selection.Before
		some, err := r.eventsOf(ctx, &selection)
		if err != nil {
			return nil, err
		}
		latest = append(latest, some...)
		if selection.Before == before || query.Limit > 0 && len(latest) >= query.Limit-others {
			return latest, nil
		}
	}
}

// eventsOf returns the events of a selection that the caller may know of, and moves the selection on to the ones before.
// Where there are none before it leaves the selection as it is.
func (r reader) eventsOf(ctx context.Context, selection *store.EventSelection) ([]tokens.Event, error) {
	written, err := r.View.Events(ctx, *selection)
	if err != nil {
		return nil, err
	}
	events := make([]tokens.Event, len(written))
	for i, e := range written {
		events[i] = e.Event
	}
	if last := len(written) - 1; last >= 0 {
		selection.Before = written[last].Number
	}
	return r.knownEvents(ctx, events)
}

// knownEvents returns those of events that the caller may know of: an owner of all; others of those of a token that they may
// show, and its shares; of a technical user that they manage; and, where they manage accounts at organization level, of a
// member, group or role, and of what made no object.
func (r reader) knownEvents(ctx context.Context, events []tokens.Event) ([]tokens.Event, error) {
	if r.caller.IsOwner() || len(events) == 0 {
		return events, nil
	}
	ids := map[tokens.Kind]map[string]bool{tokens.KindAccessToken: {}, tokens.KindTechnicalUser: {}}
	for _, e := range events {
		if kind, id := objectOfEvent(e); ids[kind] != nil {
			ids[kind][id] = true
		}
	}
	shown, err := r.shownTokens(ctx, slices.Sorted(maps.Keys(ids[tokens.KindAccessToken])))
	if err != nil {
		return nil, err
	}
	managed, err := r.managedUsers(ctx, slices.Sorted(maps.Keys(ids[tokens.KindTechnicalUser])))
	if err != nil {
		return nil, err
	}
	accounts := r.caller.MayManageAccounts("", "", "") == nil
	return slices.DeleteFunc(events, func(e tokens.Event) bool {
		switch kind, id := objectOfEvent(e); kind {
		case tokens.KindAccessToken:
			return !shown[id]
		case tokens.KindTechnicalUser:
			return !managed[id]
		case "", tokens.KindMember, tokens.KindGroup, tokens.KindRole:
			return !accounts
		default:
			return true
		}
	}), nil
}

// objectOfEvent returns the kind and the identifier of the object of an event; for a share, those of its token.
func objectOfEvent(e tokens.Event) (kind tokens.Kind, id string) {
	id, _, _ = strings.Cut(e.ObjectID, "/")
	prefix, _, _ := strings.Cut(id, "_")
	return tokens.Kind(prefix), id
}

// detail says in an event which settings changed.
func detail(changed tokens.Fields) string { return "changed " + changed.String() }

// unswitched returns the changed settings without the switch, which has events of its own.
func unswitched(changed tokens.Fields) tokens.Fields {
	return slices.DeleteFunc(slices.Clone(changed), func(setting string) bool { return setting == "enabled" })
}

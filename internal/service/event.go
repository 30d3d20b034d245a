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
	return readAs(ctx, b, look{action: tokens.ActionEventList}, func(r reader) ([]tokens.Event, error) {
		if err := query.Validate(); err != nil {
			return nil, err
		}
		pending, err := r.endsOfGraces(ctx, query, b.now())
		if err != nil {
			return nil, err
		}
		latest := pending // newest first
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

// endsOfGraces returns the events of grace periods that are over but whose end has not been written yet, newest first,
// as far as the caller may know about them.
func (r reader) endsOfGraces(
	ctx context.Context, query tokens.EventQuery, now time.Time,
) (latest []tokens.Event, err error) {
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

// batchOfEvents is how many events are read at a time if the rules may drop some of them.
const batchOfEvents = 500

// writtenEvents returns the newest events that the caller may know about, newest first. If the query has a limit, it
// returns only as many as there is room for beside the others.
func (r reader) writtenEvents(
	ctx context.Context, query tokens.EventQuery, others int,
) (latest []tokens.Event, err error) {
	managesAccounts := r.caller.MayManageAccounts("", "", "") == nil
	selection := store.EventSelection{
		EventQuery:      query,
		Audience:        audienceOf(r.caller),
		Accounts:        managesAccounts,
		UsersEverywhere: managesAccounts,
	}
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

// eventsOf returns the events of a selection that the caller may know about, and moves the selection on to the events
// before them. It leaves the selection as it is if there are none.
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

// knownEvents drops the events that the caller may not know about. An owner knows all of them. Others know those of
// tokens that they may show, of the shares of these tokens, and of technical users that they manage. If they manage
// accounts at organization level, they also know those of members, groups and roles, and those without an object.
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

// objectOfEvent returns the kind and identifier of an event's object. A share counts as its token.
func objectOfEvent(e tokens.Event) (kind tokens.Kind, id string) {
	id, _, _ = strings.Cut(e.ObjectID, "/")
	prefix, _, _ := strings.Cut(id, "_")
	return tokens.Kind(prefix), id
}

// detail returns the detail of an event that changes settings.
func detail(changed tokens.Fields) string { return "changed " + changed.String() }

// unswitched returns the changed settings without enabled, which has events of its own.
func unswitched(changed tokens.Fields) tokens.Fields {
	return slices.DeleteFunc(slices.Clone(changed), func(setting string) bool { return setting == "enabled" })
}

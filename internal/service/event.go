package service

import (
	"context"
	"maps"
	"math"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Events implements tokens.Backend.
func (b *Backend) Events(ctx context.Context, query tokens.EventQuery) ([]tokens.Event, error) {
	return readAs(ctx, b, look{action: tokens.ActionEventList}, func(r reader) ([]tokens.Event, error) {
		l, err := r.eventLister(ctx, query, b.now())
		if err != nil {
			return nil, err
		}
		page, err := l.page(ctx)
		return page.Events, err
	})
}

// EventsAfter implements tokens.Backend.
func (b *Backend) EventsAfter(
	ctx context.Context, query tokens.EventQuery, after tokens.EventPosition,
) (tokens.EventPage, error) {
	// What is read and the position behind it must be of one moment.
	about := look{action: tokens.ActionEventList}
	return readAsBy(ctx, b, (*store.Store).ReadAtOnce, about, func(r reader) (page tokens.EventPage, err error) {
		number, id, err := r.LatestEvent(ctx)
		if err != nil {
			return page, err
		}
		known, err := r.EventNumbered(ctx, after.Number)
		if err != nil {
			return page, err
		}
		if number < after.Number || known != "" && known != after.ID {
			// A backup was restored: its log goes on with numbers that were told of others. The time alone tells what is new.
			after.Number, query.Since = 0, latest(query.Since, after.At)
		}
		l, err := r.eventLister(ctx, query, b.now())
		if err != nil {
			return page, err
		}
		l.position = after
		page, err = l.page(ctx)
		page.End = tokens.EventPosition{Number: number, ID: id, At: latest(l.now, after.At)} // what was told stays told
		return page, err
	})
}

// eventLister lists events for a caller.
type eventLister struct {
	reader
	query tokens.EventQuery
	now   time.Time
	// userID is the technical user of the token that the query names, whose events count too; empty for none.
	userID string
	// position is where the list begins.
	position tokens.EventPosition
	// end is the number of the event before which it ends; zero for none, and nowhere if there is nothing before it.
	end int64
	// numbers are those of the events that were read for a query with a limit.
	numbers map[string]int64
}

// nowhere is the end of a list before an event that is not there.
const nowhere = -1

// eventLister returns what lists the events of a query.
func (r reader) eventLister(ctx context.Context, query tokens.EventQuery, now time.Time) (*eventLister, error) {
	l := &eventLister{reader: r, query: query, now: now, numbers: map[string]int64{}}
	if err := query.Validate(); err != nil || !tokens.IsID(tokens.KindAccessToken, query.ObjectID) {
		return l, err
	}
	t, custom, err := r.AccessTokenWithRoles(ctx, query.ObjectID)
	switch {
	case tokens.ErrorCode(err) == tokens.CodeNotFound: // its events may still be there
		return l, nil
	case err != nil:
		return l, err
	}
	switch err := r.mayShow(ctx, t, rolesWith(custom)); tokens.ErrorCode(err) {
	case "":
		l.userID = t.User.ID
	case tokens.CodeForbidden: // whoever may not know the token may not know whose it is
	default:
		return l, err
	}
	return l, nil
}

// page returns the latest events of the query after the position.
func (l *eventLister) page(ctx context.Context) (page tokens.EventPage, err error) {
	limit := l.query.Limit
	if limit > 0 && limit < math.MaxInt {
		l.query.Limit++ // one more shows that there are others
	}
	page.Events, err = l.latest(ctx)
	if cut := len(page.Events) - limit; limit > 0 && cut > 0 {
		page.Events = page.Events[cut:]
		page.NextCursor = tokens.EventCursor(l.numbers[page.Events[0].ID], page.Events[0])
	}
	return page, err
}

// latest returns the latest events of the query after the position, oldest first.
func (l *eventLister) latest(ctx context.Context) ([]tokens.Event, error) {
	latest, err := l.endsOfGraces(ctx) // newest first
	if err != nil {
		return nil, err
	}
	if l.query.Cursor != "" {
		latest, err = l.before(ctx, latest)
		if err != nil || l.end == nowhere {
			return nil, err
		}
	}
	if l.query.Limit == 0 || len(latest) < l.query.Limit {
		written, err := l.written(ctx, len(latest))
		if err != nil {
			return nil, err
		}
		latest = append(latest, written...)
	} else {
		latest = latest[:l.query.Limit]
	}
	slices.Reverse(latest)
	return latest, nil
}

// before returns which of the ends of grace periods, newest first, come before the event that the query's cursor names, and
// finds where the list of what was written ends.
func (l *eventLister) before(ctx context.Context, ends []tokens.Event) ([]tokens.Event, error) {
	number, id, err := l.query.Before()
	if err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(ends, func(e tokens.Event) bool { return e.ID == id }); i >= 0 {
		return ends[i+1:], nil
	}
	if l.end = number; number == 0 { // it has been written since then
		if l.end, err = l.NumberOfEvent(ctx, id); l.end == 0 {
			l.end = nowhere // and pruned, as has what was before it
		}
	}
	return nil, err
}

// endsOfGraces returns the events of grace periods that are over but whose end has not been written yet, newest first,
// as far as the caller may know about them.
func (l *eventLister) endsOfGraces(ctx context.Context) (latest []tokens.Event, err error) {
	ended, err := l.service.endedGraces(ctx, l.View, l.now)
	if err != nil {
		return nil, err
	}
	for _, e := range slices.Backward(ended) {
		latest = append(latest, graceEnded(e))
	}
	return l.selected(ctx, latest)
}

// selected drops the events that the query does not select, those that were told before the position, and those that the
// caller may not know about. What an event keeps to itself does not select it, either.
func (l *eventLister) selected(ctx context.Context, events []tokens.Event) ([]tokens.Event, error) {
	unselected := func(e tokens.Event) bool { return !l.query.Selects(e, l.userID) || l.position.Passed(e) }
	known, err := l.knownEvents(ctx, slices.DeleteFunc(events, unselected))
	if err != nil || l.caller.IsOwner() {
		return known, err
	}
	return slices.DeleteFunc(known, unselected), nil
}

// batchOfEvents is how many events are read at a time if the rules may drop some of them.
const batchOfEvents = 500

// written returns the newest events that the caller may know about, newest first. If the query has a limit, it returns
// only as many as there is room for beside the others.
func (l *eventLister) written(ctx context.Context, others int) (latest []tokens.Event, err error) {
	managesAccounts := l.caller.MayManageAccounts("", "", "") == nil
	selection := store.EventSelection{
		EventQuery:      l.query,
		UserID:          l.userID,
		After:           l.position.Number,
		Before:          l.end,
		Audience:        audienceOf(l.caller),
		Accounts:        managesAccounts,
		UsersEverywhere: managesAccounts,
	}
	for groupID := range l.caller.Access.Groups {
		if l.caller.MayManageAccounts(groupID, "", "") == nil {
			selection.UsersIn = append(selection.UsersIn, groupID)
		}
	}
	if l.query.Limit == 0 && l.caller.IsOwner() {
		return l.eventsOf(ctx, &selection)
	}
	room := l.query.Limit - others
	if l.query.Limit == 0 {
		room = math.MaxInt
	}
	selection.Limit = min(room, batchOfEvents)
	for {
		before := selection.Before
		some, err := l.eventsOf(ctx, &selection)
		if err != nil {
			return nil, err
		}
		latest = append(latest, some...)
		if len(latest) >= room {
			return latest[:room], nil
		}
		if selection.Before == before {
			return latest, nil
		}
		selection.Limit = batchOfEvents // the rules dropped some, and may drop more
	}
}

// eventsOf returns the events of a selection that the query selects and the caller may know about, and moves the
// selection on to the events before them. It leaves the selection as it is if there are none.
func (l *eventLister) eventsOf(ctx context.Context, selection *store.EventSelection) ([]tokens.Event, error) {
	written, err := l.View.Events(ctx, *selection)
	if err != nil {
		return nil, err
	}
	events := make([]tokens.Event, len(written))
	for i, e := range written {
		events[i] = e.Event
		if l.query.Limit > 0 {
			l.numbers[e.ID] = e.Number
		}
	}
	if last := len(written) - 1; last >= 0 {
		selection.Before = written[last].Number
	}
	return l.selected(ctx, events)
}

// knownEvents drops the events that the caller may not know about. An owner knows all of them. Others know those of
// tokens that they may show, of the shares of these tokens, and of technical users that they manage. If they manage
// accounts at organization level, they also know those of members, groups and roles, and those without an object.
//
// What remains may still tell of others: the one who was refused could see more, or a token was restricted since then.
// So an event that names a token or technical user that the caller may not know about keeps its words to itself.
func (r reader) knownEvents(ctx context.Context, events []tokens.Event) ([]tokens.Event, error) {
	if r.caller.IsOwner() || len(events) == 0 {
		return events, nil
	}
	ids := map[tokens.Kind]map[string]bool{tokens.KindAccessToken: {}, tokens.KindTechnicalUser: {}}
	for _, e := range events {
		_, object := objectOfEvent(e)
		for _, id := range append(mentionedIn(e), object) {
			if kind := tokens.KindOf(id); ids[kind] != nil {
				ids[kind][id] = true
			}
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
	events = slices.DeleteFunc(events, func(e tokens.Event) bool {
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
	})
	for i, e := range events {
		for _, id := range mentionedIn(e) {
			if !shown[id] && !managed[id] {
				events[i] = concealed(events[i], id)
			}
		}
	}
	return events, nil
}

// mention matches the identifiers of access tokens and technical users. Where a message names one, it says its
// identifier; an actor is called by that of its token.
var mention = regexp.MustCompile(`(?:tok|tu)_[0-9a-z]{26}`)

// mentionedIn returns the access tokens and technical users that the words of an event mention.
func mentionedIn(e tokens.Event) []string {
	return mention.FindAllString(string(e.Actor)+" "+e.ObjectName+" "+e.Detail+" "+e.Details.Reason, -1)
}

// concealed returns an event without the words in which it mentions an object. An actor goes by the identifier of its
// token alone, without the address of a technical user, which may hold the token's name.
func concealed(e tokens.Event, id string) tokens.Event {
	if strings.HasSuffix(string(e.Actor), "_"+id) && !e.Actor.IsPersonalToken() {
		e.Actor = tokens.Actor(id)
	}
	if strings.Contains(e.ObjectName, id) {
		e.ObjectName = ""
	}
	if strings.Contains(e.Detail, id) || strings.Contains(e.Details.Reason, id) {
		e.Detail = "it names what is hidden from you: ask an owner"
		e.Details = tokens.EventDetails{Code: e.Details.Code, Field: e.Details.Field, Permissions: e.Details.Permissions}
	}
	return e
}

// objectOfEvent returns the kind and identifier of an event's object. A share counts as its token.
func objectOfEvent(e tokens.Event) (kind tokens.Kind, id string) {
	id, _, _ = strings.Cut(e.ObjectID, "/")
	prefix, _, _ := strings.Cut(id, "_")
	return tokens.Kind(prefix), id
}

// changes tells which settings were changed, and from what into what.
func changes[S any](before, after S, changed tokens.Fields) fact {
	return func(e *tokens.Event) {
		e.Detail, e.Details.Changes = "changed "+changed.String(), tokens.Changes(before, after, changed)
	}
}

// because tells why something was done.
func because(reason string) fact {
	return func(e *tokens.Event) { e.Detail, e.Details.Reason = reason, reason }
}

// unswitched returns the changed settings without enabled, which has events of its own.
func unswitched(changed tokens.Fields) tokens.Fields {
	return slices.DeleteFunc(slices.Clone(changed), func(setting string) bool { return setting == "enabled" })
}

package store

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// EventSelection narrows the events to what rules may select, as TokenSelection does.
type EventSelection struct {
	tokens.EventQuery
	// UserID is the technical user whose events count beside those of the object of the query; empty for none.
	UserID string
	// Audience may show the tokens whose events count, and the shares of those. For All no other field here counts.
	Audience Audience
	// Accounts means that the events of members, groups and roles count, and those that are about no object.
	Accounts bool
	// UsersEverywhere means that the events of technical users at every level count, UsersIn are the groups in which
	// they do.
	UsersEverywhere bool
	UsersIn         []string
	// Before and After are Numbers of events: those that were written before the one and after the other count. Zero is
	// for all.
	Before, After int64
}

// NumberedEvent is an event with its place in the order in which events were written.
type NumberedEvent struct {
	tokens.Event
	Number int64
}

// detailsSince is the version of the schema from which on events have details and a claimed run.
const detailsSince = 8

const selectEvents = `SELECT e.number, e.id, e.at, e.actor, e.action, e.claimed_run, e.object_id, e.object_name, e.outcome,
	e.detail, e.details FROM events e `

// selectOlderEvents is selectEvents for a schema before detailsSince.
const selectOlderEvents = `SELECT e.number, e.id, e.at, e.actor, e.action, '' AS claimed_run, e.object_id, e.object_name,
	e.outcome, e.detail, '' AS details FROM events e `

func scanEvent(row scanner) (e NumberedEvent, err error) {
	err = row.Scan(count{&e.Number}, textTo(&e.ID), someInstant{&e.At}, textTo(&e.Actor), textTo(&e.Action),
		textTo(&e.ClaimedRun), textTo(&e.ObjectID), textTo(&e.ObjectName), textTo(&e.Outcome), textTo(&e.Detail),
		details{&e.Details})
	return e, checkedRow(tokens.KindEvent, e.ID, err, checkID("id", tokens.KindEvent, e.ID),
		checkOneOf("outcome", e.Outcome, tokens.Outcomes()...))
}

// Events returns the latest events of a selection, the latest first.
func (v View) Events(ctx context.Context, selection EventSelection) ([]NumberedEvent, error) {
	b := &tokenListBuilder{TokenSelection: TokenSelection{Audience: selection.Audience}}
	text := selectEvents
	if v.schema < detailsSince {
		text = selectOlderEvents
	}
	conditions := append(b.eventFilters(selection), b.eventAudience(selection))
	latest := ` ORDER BY e.number DESC`
	if selection.Limit > 0 {
		latest += ` LIMIT ` + b.arg(selection.Limit)
	}
	if selection.ObjectID != "" {
		conditions = append(conditions, b.eventsOfObject(selection, conditions, latest))
	}
	return list(ctx, v.q, scanEvent, text+where(conditions...)+latest, b.args...)
}

// EventNumbered returns the identifier of the event with a number; empty if there is none, as where it was pruned.
func (v View) EventNumbered(ctx context.Context, number int64) (id string, err error) {
	_, id, err = v.numberedEvent(ctx, `SELECT number, id FROM events WHERE number = $1`, number)
	return id, err
}

// NumberOfEvent returns the number of the event with an identifier; zero if there is none, as where it was pruned.
func (v View) NumberOfEvent(ctx context.Context, id string) (number int64, err error) {
	number, _, err = v.numberedEvent(ctx, `SELECT number, id FROM events WHERE id = $1`, id)
	return number, err
}

// LatestEvent returns the number and the identifier of the event that was written last; zero if there is none.
func (v View) LatestEvent(ctx context.Context) (number int64, id string, err error) {
	return v.numberedEvent(ctx, `SELECT number, id FROM events ORDER BY number DESC LIMIT 1`)
}

func (v View) numberedEvent(ctx context.Context, query string, args ...any) (number int64, id string, err error) {
	id, _, err = find(ctx, v.q, func(row scanner) (id string, err error) {
		err = row.Scan(count{&number}, textTo(&id))
		return id, checkedRow(tokens.KindEvent, id, err, checkID("id", tokens.KindEvent, id))
	}, query, args...)
	return number, id, err
}

// eventFilters are the conditions of the filters of a query, its object apart.
func (b *tokenListBuilder) eventFilters(selection EventSelection) (all []string) {
	if !selection.Since.IsZero() {
		all = append(all, `e.at >= `+b.arg(selection.Since.UnixMicro()))
	}
	if !selection.Until.IsZero() {
		all = append(all, `e.at <= `+b.arg(selection.Until.UnixMicro())) // the instant may lie between two microseconds
	}
	if selection.Before > 0 {
		all = append(all, `e.number < `+b.arg(selection.Before))
	}
	if selection.After > 0 {
		all = append(all, `e.number > `+b.arg(selection.After))
	}
	if selection.Outcome != "" {
		all = append(all, `e.outcome = `+b.arg(string(selection.Outcome)))
	}
	if selection.Action != "" {
		var actions []string
		for _, action := range tokens.MatchingActions(selection.Action) {
			actions = append(actions, string(action))
		}
		all = append(all, `e.action `+b.in(actions))
	}
	return append(all, b.matching("e.actor", selection.Actor), b.matching("e.claimed_run", selection.Run))
}

// mostAsterisks is the number of asterisks up to which the database looks at a pattern. With each further one it may try
// as many more ways to match as the text is long.
const mostAsterisks = 3

// matching is a condition without which a pattern does not match a column; empty for what the rule has to tell alone.
func (b *tokenListBuilder) matching(column, pattern string) string {
	if pattern == "" || strings.Count(pattern, "*") > mostAsterisks || strings.Contains(pattern, "\x00") {
		return ""
	}
	like := strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`, `*`, `%`).Replace(pattern)
	return `lower(` + column + `) LIKE lower(` + b.arg(like) + `) ESCAPE '\'`
}

// eventsOfObject is a condition without which an event is not among the latest ones that fulfil the conditions and are
// about the object of the query, or what belongs to that. An index has the events of each object in the order in which
// they were written. So each object is asked for its latest ones by itself, which takes no longer where its story is long.
func (b *tokenListBuilder) eventsOfObject(selection EventSelection, conditions []string, latest string) string {
	latestOf := func(id, alias string) string {
		object := append([]string{`e.object_id = ` + b.arg(id)}, conditions...)
		return `SELECT number FROM (SELECT e.number FROM events e` + where(object...) + latest + `) ` + alias
	}
	parts := []string{latestOf(selection.ObjectID, "own")}
	if selection.UserID != "" {
		parts = append(parts, latestOf(selection.UserID, "of_user"))
	}
	if tokens.KindOf(selection.ObjectID) == tokens.KindAccessToken { // its shares are many objects with few events each
		parts = append(parts, `SELECT number FROM events WHERE object_id > `+b.arg(selection.ObjectID+"/")+
			` AND object_id < `+b.arg(selection.ObjectID+"0"))
	}
	return `e.number IN (` + strings.Join(parts, ` UNION ALL `) + `)`
}

// eventAudience is the condition that the audience may know of an event; empty for all events.
func (b *tokenListBuilder) eventAudience(selection EventSelection) string {
	if selection.Audience.All {
		return ""
	}
	tokenID := fmt.Sprintf(`substr(e.object_id, 1, %d)`, tokens.IDLength(tokens.KindAccessToken)) // a share begins with it
	kinds := []string{`EXISTS (SELECT 1 FROM access_tokens t ` + where(`t.id = `+tokenID, b.visible()) + `)`}
	if selection.Accounts {
		kinds = append(kinds, `e.object_id = ''`)
		for _, kind := range []tokens.Kind{tokens.KindMember, tokens.KindGroup, tokens.KindRole} {
			kinds = append(kinds, fmt.Sprintf(`substr(e.object_id, 1, %d) = '%s_'`, len(kind)+1, kind))
		}
	}
	const users = `EXISTS (SELECT 1 FROM technical_users u WHERE u.id = e.object_id`
	if selection.UsersEverywhere {
		kinds = append(kinds, users+`)`)
	} else if len(selection.UsersIn) > 0 {
		kinds = append(kinds, users+` AND u.group_id `+b.in(selection.UsersIn)+`)`)
	}
	return `(` + strings.Join(kinds, ` OR `) + `)`
}

// InsertEvent writes an event. In a change it is written with the last statements of that.
func (t Tx) InsertEvent(ctx context.Context, e tokens.Event) error {
	switch {
	case t.schema < detailsSince:
		_, err := t.execBeside(ctx, `INSERT INTO events (id, at, actor, action, object_id, object_name, outcome, detail)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
			e.ID, microseconds(e.At), string(e.Actor), string(e.Action), e.ObjectID, e.ObjectName, string(e.Outcome), e.Detail)
		return err
	case t.schema < historySince:
		_, err := t.execBeside(ctx, `INSERT INTO events
			(id, at, actor, action, claimed_run, object_id, object_name, outcome, detail, details)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			e.ID, microseconds(e.At), string(e.Actor), string(e.Action), e.ClaimedRun, e.ObjectID, e.ObjectName,
			string(e.Outcome), e.Detail, detailsColumn(e.Details))
		return err
	case t.writes != nil:
		t.writes.record(e)
		return nil
	}
	_, err := t.close(ctx, Closing{Events: closingEvents([]tokens.Event{e})})
	return err
}

// newestEvents is among how many of the newest events WasRefused looks for one. There are rarely more in a minute, and it
// keeps the look flat in a long log.
const newestEvents = 1000

// WasRefused reports whether the log already tells that an actor was refused an action in a run, from a time on and
// before another one.
func (v View) WasRefused(ctx context.Context, e tokens.Event, since, before time.Time) (bool, error) {
	text := fmt.Sprintf(`SELECT id FROM events WHERE number > (SELECT coalesce(max(number), 0) FROM events) - %d
		AND actor = $1 AND action = $2 AND outcome = $3 AND at >= $4 AND at < $5`, newestEvents)
	args := []any{string(e.Actor), string(e.Action), string(e.Outcome), microseconds(since), microseconds(before)}
	if v.schema >= detailsSince {
		text, args = text+` AND claimed_run = $6`, append(args, e.ClaimedRun)
	}
	_, found, err := find(ctx, v.q, scanText, text+` LIMIT 1`, args...)
	return found, err
}

// newestEventsOfObject is among how many of the newest events WasRefusedOn looks for one. An index leads to those of an
// object.
const newestEventsOfObject = 100_000

// WasRefusedOn is WasRefused for the object of the event alone, in whatever run.
func (v View) WasRefusedOn(ctx context.Context, e tokens.Event, since, before time.Time) (bool, error) {
	_, found, err := find(ctx, v.q, scanText, fmt.Sprintf(`SELECT id FROM events WHERE object_id = $1
		AND number > (SELECT coalesce(max(number), 0) FROM events) - %d
		AND actor = $2 AND action = $3 AND outcome = $4 AND at >= $5 AND at < $6 LIMIT 1`, newestEventsOfObject),
		e.ObjectID, string(e.Actor), string(e.Action), string(e.Outcome), microseconds(since), microseconds(before))
	return found, err
}

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
	// Audience may show the tokens whose events count, and the shares of those. For All no other field here counts.
	Audience Audience
	// Accounts means that the events of members, groups and roles count, and those that are about no object.
	Accounts bool
	// UsersEverywhere means that the events of technical users at every level count, UsersIn are the groups in which
	// they do.
	UsersEverywhere bool
	UsersIn         []string
	// Before is the Number of an event: those that were written before it count. Zero is for all.
	Before int64
}

// NumberedEvent is an event with its place in the order in which events were written.
type NumberedEvent struct {
	tokens.Event
	Number int64
}

const selectEvents = `SELECT e.number, e.id, e.at, e.actor, e.action, e.object_id, e.object_name, e.outcome, e.detail
	FROM events e `

func scanEvent(row scanner) (e NumberedEvent, err error) {
	err = row.Scan(count{&e.Number}, textTo(&e.ID), someInstant{&e.At}, textTo(&e.Actor), textTo(&e.Action),
		textTo(&e.ObjectID), textTo(&e.ObjectName), textTo(&e.Outcome), textTo(&e.Detail))
	return e, checkedRow(tokens.KindEvent, e.ID, err, checkID("id", tokens.KindEvent, e.ID),
		checkOneOf("outcome", e.Outcome, tokens.OutcomeDone, tokens.OutcomeRefused))
}

// Events returns the latest events of a selection, the latest first.
func (v View) Events(ctx context.Context, selection EventSelection) ([]NumberedEvent, error) {
	b := &tokenListBuilder{TokenSelection: TokenSelection{Audience: selection.Audience}}
	var conditions []string
	if !selection.Since.IsZero() {
		conditions = append(conditions, `e.at >= `+b.arg(selection.Since.UnixMicro()))
	}
	if selection.ObjectID != "" {
		conditions = append(conditions, `e.object_id = `+b.arg(selection.ObjectID))
	}
	if selection.Before > 0 {
		conditions = append(conditions, `e.number < `+b.arg(selection.Before))
	}
	if !selection.Audience.All {
		conditions = append(conditions, `(`+strings.Join(b.eventKinds(selection), ` OR `)+`)`)
	}
	text := selectEvents + where(conditions...) + ` ORDER BY e.number DESC`
	if selection.Limit > 0 {
		text += ` LIMIT ` + b.arg(selection.Limit)
	}
	return list(ctx, v.q, scanEvent, text, b.args...)
}

// eventKinds are the conditions one of which an event meets that the audience may know of.
func (b *tokenListBuilder) eventKinds(selection EventSelection) []string {
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
	return kinds
}

// InsertEvent writes an event.
func (t Tx) InsertEvent(ctx context.Context, e tokens.Event) error {
	return t.exec(ctx, `INSERT INTO events (id, at, actor, action, object_id, object_name, outcome, detail)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		e.ID, microseconds(e.At), string(e.Actor), string(e.Action), e.ObjectID, e.ObjectName, string(e.Outcome), e.Detail)
}

// newestEvents is among how many of the newest events WasRefused looks for one. There are rarely more in a minute, and it
// keeps the look flat in a long log.
const newestEvents = 1000

// WasRefused reports whether the log already tells that an actor was refused an action, from a time on and before
// another one.
func (v View) WasRefused(
	ctx context.Context, by tokens.Actor, action tokens.Action, since, before time.Time,
) (bool, error) {
	_, found, err := find(ctx, v.q, scanText, fmt.Sprintf(`SELECT id FROM events
		WHERE number > (SELECT coalesce(max(number), 0) FROM events) - %d
		AND actor = $1 AND action = $2 AND outcome = $3 AND at >= $4 AND at < $5 LIMIT 1`, newestEvents),
		string(by), string(action), string(tokens.OutcomeRefused), microseconds(since), microseconds(before))
	return found, err
}

// DeleteEvents deletes the events before an instant and returns how many there were.
func (t Tx) DeleteEvents(ctx context.Context, before time.Time) (int64, error) {
	result, err := t.e.ExecContext(ctx, `DELETE FROM events WHERE at < $1`, before.UnixMicro())
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

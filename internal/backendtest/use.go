package backendtest

import (
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// What decides by last use knows of the uses that were recorded and not written yet.
func testDecisionsByLastUse(w *world) {
	ctx := w.Context()
	user := w.user("ci", "")
	request, idle := w.request("deploy", user.ID), w.request("idle", user.ID)
	request.Grace = tokens.Grace{Duration: time.Hour}
	id, idleID := w.create(request).ID, w.create(idle).ID
	w.clock.Advance(day)
	w.use(request.Secret)
	used := w.clock.Instant()
	listed := func(query tokens.TokenQuery) (ids []string) {
		w.Helper()
		for _, t := range must(w.AccessTokens(ctx, query))(w).AccessTokens {
			ids = append(ids, t.ID)
		}
		return ids
	}

	w.equal("the last use", w.token(id).LiveSecretsUsedAt(used), used)
	w.equal("the tokens that were not used for an hour", listed(tokens.TokenQuery{UnusedFor: time.Hour}), []string{idleID})
	w.equal("those by last use", listed(tokens.TokenQuery{UnusedFor: time.Hour, Sort: tokens.ColumnLastUsedAt}),
		[]string{idleID})
	byID := must(w.AccessTokens(ctx, tokens.TokenQuery{ID: id}))(w).AccessTokens
	w.equal("the last use in a list of the one", byID[0].LastUsedAt, used)
	all := listed(tokens.TokenQuery{})
	for _, sort := range tokens.TokenColumns() {
		query, paged := tokens.TokenQuery{Sort: sort, Limit: 1}, 0
		for range all {
			page := must(w.AccessTokens(ctx, query))(w)
			paged, query.Cursor = paged+len(page.AccessTokens), page.NextCursor
		}
		w.equal("the tokens in pages by "+string(sort), []any{paged, query.Cursor}, []any{len(all), ""})
	}

	var namesakes []string
	for _, name := range []string{"deploy", "idle"} {
		for _, t := range must(w.CreateAccessToken(ctx, w.request(name, user.ID)))(w).Namesakes {
			namesakes = append(namesakes, t.ID)
		}
	}
	w.equal("the namesakes that were never used", namesakes, []string{idleID})

	regenerated, second := w.regenerateWith(id, tokens.AccessTokenUpdate{}, ownGrace)
	w.equal("the last use of the previous secret", regenerated.Previous.LastUsedAt, used)
	events := w.events(id)
	w.equal("the last use in the event of the regeneration", events[len(events)-1].Details.LastUsedAt, used)
	w.clock.Advance(time.Minute)
	w.use(request.Secret)
	later := w.clock.Instant()
	w.equal("the last use of a live secret", w.token(id).LiveSecretsUsedAt(later), later)
	w.clock.Advance(time.Hour)
	events = w.events(id)
	w.equal("the last use in the event of the end of the grace", events[len(events)-1].Details.LastUsedAt, later)
	w.update(id, tokens.AccessTokenUpdate{Settings: tokens.Settings{Name: "other"}, Fields: tokens.Fields{"name"}})
	w.equal("the events after a change", w.events(id)[:len(events)], events)
	w.live("after the grace", "-c", request.Secret, second)
}

// A value that is presented and is not active leaves one event for its token and minute, and changes nothing else.
func testRefusedUses(w *world) {
	ctx := w.Context()
	made := func(set func(*tokens.NewAccessToken)) (tokens.AccessToken, tokens.Secret) {
		request := w.request("deploy", "")
		set(&request)
		return w.create(request), request.Secret
	}
	plain := func(*tokens.NewAccessToken) {}
	type refused struct {
		value   tokens.Secret
		tokenID string
		version int64
		says    string
	}
	var all []refused
	add := func(t tokens.AccessToken, value tokens.Secret, says string) {
		all = append(all, refused{value, t.ID, 1, says})
	}
	t, value := made(plain)
	must(w.HoldAccessToken(ctx, t.ID, "leaked"))(w)
	add(t, value, "held")
	t, value = made(plain)
	w.disable(t.ID)
	add(t, value, "disabled")
	t, value = made(plain)
	must(w.RevokeSecret(ctx, value))(w)
	add(t, value, "revoked")
	t, value = made(func(n *tokens.NewAccessToken) { n.TTL = time.Second })
	add(t, value, "expired")
	t, value = made(func(n *tokens.NewAccessToken) { n.ActivatesAt = w.clock.Now().Add(day) })
	add(t, value, "pending")
	t, value = made(plain)
	w.regenerate(t.ID)
	add(t, value, "superseded")
	gone, deleted := made(plain)
	w.succeed(w.DeleteAccessToken(ctx, gone.ID))
	w.clock.Advance(time.Minute)

	before, mark := len(w.events("")), w.newest()
	present := func(gateway *world, options tokens.VerifyOptions) {
		values := []tokens.Secret{w.secret(), deleted}
		for _, r := range all {
			values = append(values, r.value)
		}
		for _, value := range values {
			if v := must(gateway.VerifySecret(ctx, value, options))(w); v.Active {
				w.Errorf("a value is active: %+v", v)
			}
		}
	}
	refusals := func(what string, want int) []tokens.Event {
		w.Helper()
		added := w.events("")[before:]
		w.equal("the number of events "+what, len(added), want)
		return added
	}
	operator := w.elsewhere("local:operator@host")
	present(operator, tokens.VerifyOptions{})
	w.succeed(operator.service.Close())
	refusals("after a check that does not count", 0)

	first := w.clock.Instant()
	for _, written := range []int{0, len(all)} { // by one process and then another, within the same minute
		gateway := w.elsewhere("local:gateway@host")
		present(gateway, tokens.VerifyOptions{RecordUse: true})
		w.clock.Advance(time.Second)
		present(gateway, tokens.VerifyOptions{RecordUse: true})
		refusals("before they are written", written)
		w.succeed(gateway.service.Close())
	}
	added := refusals("after a minute", len(all))
	for _, r := range all {
		var told []tokens.Event
		for _, e := range added {
			if e.ObjectID == r.tokenID {
				told = append(told, e)
			}
		}
		if len(told) != 1 {
			w.Errorf("of the token that is %s tell %d events, want one", r.says, len(told))
			continue
		}
		e := told[0]
		w.mentions(e.Detail, r.says)
		w.equal("the event", []any{e.Action, e.Actor, e.Outcome, e.ObjectName, e.Details.SecretVersion, e.Details.Code, e.At},
			[]any{tokens.ActionAccessTokenVerify, tokens.ActorUnknown, tokens.OutcomeRefused, "deploy", r.version,
				tokens.CodeForbidden, first})
	}
	w.equal("the mark of the latest change", w.newest(), mark)

	w.clock.Advance(time.Minute)
	gateway := w.elsewhere("local:gateway@host")
	present(gateway, tokens.VerifyOptions{RecordUse: true})
	w.succeed(gateway.service.Close())
	refusals("after another minute", 2*len(all))
}

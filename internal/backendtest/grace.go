package backendtest

import (
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// regenerateWith is regenerate together with other changes, with a grace period for this regeneration only.
func (w *world) regenerateWith(
	id string, update tokens.AccessTokenUpdate, grace *tokens.Grace,
) (tokens.AccessToken, tokens.Secret) {
	w.Helper()
	fresh := w.fresh()
	update.Regeneration = &tokens.Regeneration{NewSecretFor: fresh, Reason: tokens.ReasonSchedule, Grace: grace}
	return w.update(id, update), fresh.Secret
}

// live checks which of the values work. It has one letter for each, in order: c for the current one, p for the previous
// one, - for a dead one.
func (w *world) live(what, want string, values ...tokens.Secret) {
	w.Helper()
	got := ""
	for _, value := range values {
		letter := "-"
		switch v := w.verify(value); {
		case v.Active && v.Previous && !v.Superseded:
			letter = "p"
		case v.Active && !v.Previous && !v.Superseded:
			letter = "c"
		case v.Active || v.AccessToken != nil && !v.Superseded:
			letter = "?"
		}
		got += letter
	}
	w.equal("what opens something "+what, got, want)
}

// forOnce is a grace period for one regeneration.
func forOnce(d time.Duration) *tokens.Grace { return &tokens.Grace{Duration: d} }

var (
	// ownGrace is the grace period of the token itself.
	ownGrace *tokens.Grace
	// none means no previous secret.
	none *tokens.PreviousSecret
)

// The previous secret stays valid for the grace period, and no longer. There are never three.
func testGrace(w *world) {
	request := w.request("deploy", "")
	request.Grace = tokens.Grace{Duration: time.Hour}
	id := w.create(request).ID
	first := request.Secret
	w.clock.Advance(later)

	token, second := w.regenerateWith(id, tokens.AccessTokenUpdate{}, ownGrace)
	superseded := w.clock.Instant()
	w.equal("the previous secret", token.Previous, &tokens.PreviousSecret{
		Version: 1, Preview: first.Reveal()[:10], CreatedAt: token.CreatedAt, EndsAt: superseded.Add(time.Hour)})
	w.equal("the token afterwards", w.token(id), token)
	w.live("after the regeneration", "pc", first, second)
	w.mentions(w.events(id)[1].Detail, "version 2", "schedule",
		"version 1 stays valid until "+tokens.FormatTimestamp(superseded.Add(time.Hour)), "no use recorded")

	// Whatever stops the token stops both.
	must(w.HoldAccessToken(w.Context(), id, "leaked"))(w)
	if v := w.verify(first); v.Active || !v.Previous || v.Superseded {
		w.Errorf("the previous value of a held token is active: %+v", v)
	}
	must(w.ReleaseAccessToken(w.Context(), id))(w)

	w.clock.Advance(time.Hour - time.Microsecond)
	w.live("just before the end of the grace", "pc", first, second)
	w.clock.Advance(time.Microsecond)
	w.live("at the end of the grace", "-c", first, second)
	w.equal("the end that has passed", w.token(id).PreviousSecretExpiresAt(), superseded.Add(time.Hour))

	// A second regeneration within the grace period ends the oldest secret.
	_, third := w.regenerateWith(id, tokens.AccessTokenUpdate{}, ownGrace)
	w.clock.Advance(later)
	w.live("in the second grace", "-pc", first, second, third)
	_, fourth := w.regenerateWith(id, tokens.AccessTokenUpdate{}, ownGrace)
	w.live("after a regeneration within the grace", "--pc", first, second, third, fourth)

	// Without a grace period, for once or by the setting, it ends in the same transaction.
	_, fifth := w.regenerateWith(id, tokens.AccessTokenUpdate{}, forOnce(0))
	w.live("after a regeneration without grace", "----c", first, second, third, fourth, fifth)
	token, sixth := w.regenerateWith(id,
		tokens.AccessTokenUpdate{Settings: tokens.Settings{Policies: tokens.Policies{Grace: *forOnce(0)}},
			Fields: tokens.Fields{"grace_period"}}, ownGrace)
	w.live("after one with a grace of none", "-c", fifth, sixth)
	w.equal("the previous secret without a grace", token.Previous, none)
	token, seventh := w.regenerateWith(id, tokens.AccessTokenUpdate{}, forOnce(time.Minute))
	w.live("after one with a grace for once", "pc", sixth, seventh)
	w.equal("the grace that is declared", token.Grace, tokens.Grace{})

	// Deleting the token ends both.
	w.succeed(w.DeleteAccessToken(w.Context(), id))
	w.live("after the deletion", "--", sixth, seventh)
}

// A grace period outlives neither the secret's own expiry nor the token.
func testGraceAndExpiry(w *world) {
	start := w.clock.Instant()
	untilExpiry := tokens.Grace{UntilExpiry: true}
	request := w.request("deploy", "")
	request.TTL, request.Grace = 10*time.Hour, untilExpiry
	id := w.create(request).ID
	w.clock.Advance(4 * time.Hour)
	token, second := w.regenerateWith(id, tokens.AccessTokenUpdate{}, ownGrace)
	w.equal("the end of the first secret", token.PreviousSecretExpiresAt(), start.Add(10*time.Hour))
	w.clock.Advance(6*time.Hour - time.Microsecond)
	w.live("before its own expiry", "pc", request.Secret, second)
	w.clock.Advance(time.Microsecond)
	w.live("at its own expiry", "-c", request.Secret, second)

	token, third := w.regenerateWith(id,
		tokens.AccessTokenUpdate{Settings: tokens.Settings{Policies: tokens.Policies{Grace: *forOnce(30 * time.Hour)}},
			Fields: tokens.Fields{"grace_period"}}, ownGrace)
	w.equal("the end under a longer grace", token.PreviousSecretExpiresAt(), start.Add(14*time.Hour))
	w.live("under a longer grace", "pc", second, third)

	// An expired secret gets no grace period.
	w.clock.Advance(10 * time.Hour)
	token, fourth := w.regenerateWith(id, tokens.AccessTokenUpdate{}, ownGrace)
	w.equal("the previous secret that had expired", token.Previous, none)
	w.live("after its expiry", "-c", third, fourth)
	w.mentions(w.events(id)[len(w.events(id))-1].Detail, "version 3 had expired at")

	// A ttl that is set with the regeneration doesn't shorten the grace period of a secret that had none.
	w.update(id,
		tokens.AccessTokenUpdate{Settings: tokens.Settings{TTL: 0,
			Policies: tokens.Policies{Grace: tokens.Grace{Duration: time.Hour}}}, Fields: tokens.Fields{"ttl", "grace_period"}})
	w.clock.Advance(50 * time.Hour)
	token, fifth := w.regenerateWith(id, tokens.AccessTokenUpdate{Settings: tokens.Settings{TTL: 20 * time.Hour},
		Fields: tokens.Fields{"ttl"}}, ownGrace)
	w.equal("the end of a secret without expiry", token.PreviousSecretExpiresAt(), w.clock.Instant().Add(time.Hour))
	w.live("with a new ttl", "pc", fourth, fifth)

	// A fixed end applies to both, however it moves.
	end := w.clock.Instant().Add(5 * time.Hour)
	token, sixth := w.regenerateWith(id,
		tokens.AccessTokenUpdate{Settings: tokens.Settings{TTL: 0, ExpiresAt: end,
			Policies: tokens.Policies{Grace: untilExpiry}}, Fields: tokens.Fields{"ttl", "expires_at", "grace_period"}},
		ownGrace)
	w.equal("the end by a fixed end", token.PreviousSecretExpiresAt(), end)
	w.clock.Advance(time.Hour)
	w.equal("the end by an earlier one", w.update(id,
		tokens.AccessTokenUpdate{Settings: tokens.Settings{ExpiresAt: end.Add(-time.Hour)},
			Fields: tokens.Fields{"expires_at"}}).PreviousSecretExpiresAt(), end.Add(-time.Hour))
	w.equal("the end by a later one",
		w.update(id, tokens.AccessTokenUpdate{Settings: tokens.Settings{ExpiresAt: end.Add(time.Hour)},
			Fields: tokens.Fields{"expires_at"}}).PreviousSecretExpiresAt(), end.Add(-time.Hour))
	w.clock.Advance(3 * time.Hour)
	w.live("past the earlier end", "-c", fifth, sixth)
}

// A shortened grace period counts from the regeneration. A longer one applies from the next regeneration on.
func testShortenedGrace(w *world) {
	request := w.request("deploy", "")
	request.Grace = tokens.Grace{Duration: 10 * time.Hour}
	id := w.create(request).ID
	_, second := w.regenerateWith(id, tokens.AccessTokenUpdate{}, ownGrace)
	superseded := w.clock.Instant()
	set := func(d time.Duration) tokens.AccessToken {
		w.Helper()
		return w.update(id, tokens.AccessTokenUpdate{Settings: tokens.Settings{Policies: tokens.Policies{Grace: *forOnce(d)}},
			Fields: tokens.Fields{"grace_period"}})
	}
	w.clock.Advance(time.Hour)
	w.equal("the end by a longer grace", set(20*time.Hour).PreviousSecretExpiresAt(), superseded.Add(10*time.Hour))
	w.equal("the end by a shorter one", set(3*time.Hour).PreviousSecretExpiresAt(), superseded.Add(3*time.Hour))
	w.equal("the end after another change", w.update(id,
		tokens.AccessTokenUpdate{Settings: tokens.Settings{Name: "other"},
			Fields: tokens.Fields{"name"}}).PreviousSecretExpiresAt(), superseded.Add(3*time.Hour))
	w.live("in the shortened grace", "pc", request.Secret, second)
	w.equal("the token afterwards", w.token(id).PreviousSecretExpiresAt(), superseded.Add(3*time.Hour))

	// If it is shortened to a time that has passed, it is over, and one event says so.
	w.clock.Advance(time.Hour)
	w.equal("the end that has passed", set(30*time.Minute).PreviousSecretExpiresAt(), superseded.Add(30*time.Minute))
	w.live("after the shortened grace", "-c", request.Secret, second)
	w.clock.Advance(later)
	w.update(id, tokens.AccessTokenUpdate{Settings: tokens.Settings{Description: "changed once more"},
		Fields: tokens.Fields{"description"}})
	w.equal("the end long after", w.token(id).PreviousSecretExpiresAt(), superseded.Add(30*time.Minute))
	w.equal("the events", actions(w.events(id)), []string{"access_token.create", "access_token.regenerate",
		"access_token.update", "access_token.update",
		"access_token.update", "access_token.retire_previous", "access_token.update", "access_token.update"})

	_, third := w.regenerateWith(id, tokens.AccessTokenUpdate{}, forOnce(time.Hour))
	w.live("in the next grace", "pc", second, third)
	w.equal("the previous secret with a grace of none", set(0).Previous, none)
	w.live("with a grace of none", "-c", second, third)
}

func testRetirePreviousSecret(w *world) {
	ctx := w.Context()
	request := w.request("deploy", "")
	request.Grace = tokens.Grace{Duration: time.Hour}
	id := w.create(request).ID
	_, err := w.RetirePreviousSecret(ctx, id, 0)
	w.refusal(err, tokens.CodeConflict)
	_, second := w.regenerateWith(id, tokens.AccessTokenUpdate{}, ownGrace)
	w.use(request.Secret)
	w.clock.Advance(later)

	// The secret that would end may be in use if another one than expected is current.
	for _, other := range []int64{1, 3} {
		_, err = w.RetirePreviousSecret(ctx, id, other)
		w.refusal(err, tokens.CodeConflict)
		w.equal("the reason", tokens.ErrorReason(err), tokens.ReasonVersionMovedOn)
	}
	w.live("where the version is another one", "pc", request.Secret, second)

	retired := must(w.RetirePreviousSecret(ctx, id, 2))(w)
	w.equal("the previous secret", retired.Previous, none)
	w.equal("when it changed", retired.UpdatedAt, w.clock.Instant())
	w.equal("the token afterwards", w.token(id), retired)
	w.live("afterwards", "-c", request.Secret, second)
	_, err = w.RetirePreviousSecret(ctx, id, 0)
	w.refusal(err, tokens.CodeConflict)
	w.equal("the events", actions(w.events(id)), []string{"access_token.create", "access_token.retire_previous refused",
		"access_token.regenerate", "access_token.retire_previous refused", "access_token.retire_previous refused",
		"access_token.retire_previous", "access_token.retire_previous refused"})

	// A revocation by either value ends both. With no live secret, there is none to retire.
	_, third := w.regenerateWith(id, tokens.AccessTokenUpdate{}, ownGrace)
	revoked := must(w.RevokeSecret(ctx, second))(w)
	w.equal("the previous secret of a revoked token", revoked.Previous, none)
	w.equal("the revoked token", w.token(id), revoked)
	w.equal("its status", revoked.Status, tokens.StatusRevoked)
	for _, value := range []tokens.Secret{second, third} {
		if v := w.verify(value); v.Active {
			w.Errorf("a revoked value is active: %+v", v)
		}
	}
	_, err = w.RetirePreviousSecret(ctx, id, 0)
	w.refusal(err, tokens.CodeConflict)

	// The secret of a revoked token gets no grace period.
	token, fourth := w.regenerateWith(id, tokens.AccessTokenUpdate{}, ownGrace)
	w.equal("the previous secret that was revoked", token.Previous, none)
	w.live("after the revocation", "--c", second, third, fourth)
}

// The end of a grace period appears in the log although nobody does anything at that time, with the last use of the
// secret.
func testGraceEvents(w *world) {
	request := w.request("deploy", "")
	request.Grace = tokens.Grace{Duration: time.Hour}
	id := w.create(request).ID
	w.regenerateWith(id, tokens.AccessTokenUpdate{}, ownGrace)
	end := w.clock.Instant().Add(time.Hour)
	gateway := w.elsewhere("local:gateway@host")
	w.clock.Advance(time.Minute)
	gateway.use(request.Secret)
	used := w.clock.Instant()
	w.succeed(gateway.service.Close())
	previous := w.token(id).Previous
	w.equal("the last use of the previous secret", previous.LastUsedAt, used)
	w.equal("the last use of the current one", w.token(id).Secret.LastUsedAt, time.Time{})

	w.clock.Advance(2 * time.Hour)
	told := w.events(id)
	w.equal("the events before any change", actions(told),
		[]string{"access_token.create", "access_token.regenerate", "access_token.retire_previous"})
	retired := told[2]
	w.equal("when", retired.At, end)
	w.equal("who", retired.Actor, tokens.ActorClock)
	w.mentions(retired.Detail, "version 1", "grace period", "last used at "+tokens.FormatTimestamp(used))
	w.equal("the latest event", must(w.Events(w.Context(), tokens.EventQuery{Limit: 1}))(w), []tokens.Event{retired})
	w.equal("the events since then", must(w.Events(w.Context(), tokens.EventQuery{Since: end}))(w),
		[]tokens.Event{retired})
	w.equal("the events since later",
		len(must(w.Events(w.Context(), tokens.EventQuery{Since: end.Add(time.Second)}))(w)), 0)

	w.update(id, tokens.AccessTokenUpdate{Settings: tokens.Settings{Name: "other"}, Fields: tokens.Fields{"name"}})
	written := w.events(id)
	w.equal("the events after a change", actions(written),
		[]string{"access_token.create", "access_token.regenerate", "access_token.retire_previous", "access_token.update"})
	w.equal("the event that is written", written[2], retired)
	w.equal("the end that is told", w.token(id).PreviousSecretExpiresAt(), end)
}

// Uses are counted per token; the last use is recorded per secret.
func testUses(w *world) {
	request := w.request("deploy", "")
	request.Grace = tokens.Grace{Duration: time.Hour}
	id := w.create(request).ID
	_, second := w.regenerateWith(id, tokens.AccessTokenUpdate{}, ownGrace)
	gateway, other := w.elsewhere("local:gateway@host"), w.elsewhere("local:other@host")
	var last [2]time.Time
	for range 3 {
		w.clock.Advance(time.Second)
		gateway.use(request.Secret)
		last[0] = w.clock.Instant()
		w.clock.Advance(time.Second)
		gateway.use(second)
		other.use(second)
		last[1] = w.clock.Instant()
	}
	w.succeed(other.service.Close())
	w.succeed(gateway.service.Close())
	token := w.token(id)
	w.equal("how often the token was used", token.UseCount, int64(9))
	w.equal("its last use", token.LastUsedAt, last[1])
	w.equal("the last use of the previous secret", token.Previous.LastUsedAt, last[0])
	w.equal("the last use of the current one", token.Secret.LastUsedAt, last[1])

	_, _ = w.regenerateWith(id, tokens.AccessTokenUpdate{}, ownGrace)
	events := w.events(id)
	w.mentions(events[len(events)-2].Detail, "version 1", "two secrets at most", tokens.FormatTimestamp(last[0]))
	w.mentions(events[len(events)-1].Detail, "version 2 stays valid", tokens.FormatTimestamp(last[1]))
	w.equal("how often the token was used then", w.token(id).UseCount, int64(9))
}

// Every policy is stored as written, can be changed on its own, and can be cleared.
func testPolicies(w *world) {
	day := 24 * time.Hour
	request := w.request("deploy", "")
	request.TTL = 90 * day
	request.Policies = tokens.Policies{
		RegenerateBeforeExpiry: 14 * day, OnExpired: tokens.OnExpiredError, OnSecretDrift: tokens.OnSecretDriftAccept,
		Grace: tokens.Grace{UntilExpiry: true}, ProtectIfUsedWithin: time.Hour,
	}
	id := w.create(request).ID
	want := request.Policies
	check := func(what string) {
		w.Helper()
		w.equal(what, w.token(id).Policies, want)
	}
	check("the policies")
	for _, change := range []struct {
		attribute string
		update    tokens.AccessTokenUpdate
		set       func()
	}{
		{"regenerate_before_expiry",
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Policies: tokens.Policies{RegenerateBeforeExpiry: 7 * day}},
				Fields: tokens.Fields{"regenerate_before_expiry"}}, func() { want.RegenerateBeforeExpiry = 7 * day }},
		{"on_expired",
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Policies: tokens.Policies{OnExpired: tokens.OnExpiredIgnore}},
				Fields: tokens.Fields{"on_expired"}}, func() { want.OnExpired = tokens.OnExpiredIgnore }},
		{"on_secret_drift",
			tokens.AccessTokenUpdate{
				Settings: tokens.Settings{Policies: tokens.Policies{OnSecretDrift: tokens.OnSecretDriftError}},
				Fields:   tokens.Fields{"on_secret_drift"},
			}, func() { want.OnSecretDrift = tokens.OnSecretDriftError }},
		{"grace_period", tokens.AccessTokenUpdate{Settings: tokens.Settings{Policies: tokens.Policies{Grace: *forOnce(day)}},
			Fields: tokens.Fields{"grace_period"}}, func() { want.Grace = tokens.Grace{Duration: day} }},
		{"protect_if_used_within",
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Policies: tokens.Policies{ProtectIfUsedWithin: day}},
				Fields: tokens.Fields{"protect_if_used_within"}}, func() { want.ProtectIfUsedWithin = day }},
		{"regenerate_before_expiry",
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Policies: tokens.Policies{RegenerateBeforeExpiry: 0}},
				Fields: tokens.Fields{"regenerate_before_expiry"}}, func() { want.RegenerateBeforeExpiry = 0 }},
		{"on_expired", tokens.AccessTokenUpdate{Settings: tokens.Settings{Policies: tokens.Policies{OnExpired: ""}},
			Fields: tokens.Fields{"on_expired"}}, func() { want.OnExpired = "" }},
		{"on_secret_drift", tokens.AccessTokenUpdate{Settings: tokens.Settings{Policies: tokens.Policies{OnSecretDrift: ""}},
			Fields: tokens.Fields{"on_secret_drift"}}, func() { want.OnSecretDrift = "" }},
		{"grace_period", tokens.AccessTokenUpdate{Settings: tokens.Settings{Policies: tokens.Policies{Grace: *forOnce(0)}},
			Fields: tokens.Fields{"grace_period"}}, func() { want.Grace = tokens.Grace{} }},
		{"protect_if_used_within",
			tokens.AccessTokenUpdate{Settings: tokens.Settings{Policies: tokens.Policies{ProtectIfUsedWithin: 0}},
				Fields: tokens.Fields{"protect_if_used_within"}}, func() { want.ProtectIfUsedWithin = 0 }},
	} {
		change.set()
		w.equal("the answer", w.update(id, change.update).Policies, want)
		check("the policies with another " + change.attribute)
		events := w.events(id)
		w.equal("the event", events[len(events)-1].Detail, "changed "+change.attribute)
	}
	w.equal("the value", w.verify(request.Secret).Active, true)
}

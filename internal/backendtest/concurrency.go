package backendtest

import (
	"fmt"
	"sync"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// person returns the backend that one of many people works with.
type person func(w *world, i int) tokens.Backend

// alone is a person who opens the database alone, as in a separate process.
func alone(w *world, i int) tokens.Backend {
	return w.elsewhere(tokens.Actor(fmt.Sprintf("local:person%d@host", i))).Backend
}

// together is a person who shares one backend with all the others, like the resources of one Terraform run.
func together(w *world, _ int) tokens.Backend { return w.Backend }

// everyone runs fn as n people at the same time, and returns their errors.
func (w *world) everyone(n int, who person, fn func(i int, b tokens.Backend) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var wait sync.WaitGroup
	for i := range n {
		b := who(w, i)
		wait.Go(func() {
			<-start
			errs[i] = fn(i, b)
		})
	}
	close(start)
	wait.Wait()
	return errs
}

// Many people at once, on a database that doesn't exist yet, lose nothing and don't disturb each other.
func testConcurrency(who person) func(*world) {
	return func(w *world) { w.crowd(who) }
}

func (w *world) crowd(who person) {
	ctx := w.Context()
	const people, each = 8, 6
	requests := make([][]tokens.NewAccessToken, people)
	for i := range requests {
		for n := range each {
			requests[i] = append(requests[i], w.request(fmt.Sprintf("token %d of %d", n, i), ""))
		}
	}
	for i, err := range w.everyone(people, who, func(i int, b tokens.Backend) error {
		group, err := b.CreateGroup(ctx,
			tokens.NewGroup{GroupSettings: tokens.GroupSettings{Name: fmt.Sprintf("group-%d", i)}})
		if err != nil {
			return err
		}
		for _, request := range requests[i] {
			request.GroupID = group.ID
			created, err := b.CreateAccessToken(ctx, request)
			if err != nil {
				return err
			}
			if _, err := b.UpdateAccessToken(ctx, created.ID,
				tokens.AccessTokenUpdate{Settings: tokens.Settings{Description: "made"},
					Fields: tokens.Fields{"description"}}); err != nil {
				return err
			}
			if v, err := b.VerifySecret(ctx, request.Secret, tokens.VerifyOptions{RecordUse: true}); err != nil || !v.Active {
				return fmt.Errorf("a value that was just issued is refused: %+v, %w", v, err)
			}
		}
		return nil
	}) {
		if err != nil {
			w.Errorf("person %d: %v", i, err)
		}
	}
	c := w.content()
	w.equal("the number of groups", len(c.Groups), people)
	w.equal("the number of technical users", len(c.TechnicalUsers), people*each)
	w.equal("the number of tokens", len(c.AccessTokens), people*each)
	for _, t := range c.AccessTokens {
		w.equal("the description of "+t.Name, t.Description, "made")
	}
	for _, all := range requests {
		for _, request := range all {
			if !w.verify(request.Secret).Active {
				w.Errorf("the value of %q is not active", request.Name)
			}
		}
	}
	databases := 0
	for _, e := range w.events("") {
		if e.Action == tokens.ActionDatabaseCreate {
			databases++
		}
	}
	w.equal("the number of databases made", databases, 1)
}

// If many replace the same secret at once, one wins and the others are told. Nobody is told that a dead value is
// active.
func testConcurrentRegenerations(who person) func(*world) {
	return func(w *world) { w.race(who) }
}

func (w *world) race(who person) {
	ctx := w.Context()
	const people = 8
	id := w.create(w.request("deploy", "")).ID
	fresh := make([]tokens.NewSecretFor, people)
	for i := range fresh {
		fresh[i] = w.fresh()
	}
	errs := w.everyone(people, who, func(i int, b tokens.Backend) error {
		_, err := b.UpdateAccessToken(ctx, id, tokens.AccessTokenUpdate{
			Regeneration: &tokens.Regeneration{
				NewSecretFor: fresh[i], Reason: tokens.ReasonTrigger, ExpectedVersion: 1},
		})
		return err
	})
	winners := 0
	for i, err := range errs {
		won := err == nil
		if won {
			winners++
		} else {
			w.refusal(err, tokens.CodeConflict)
		}
		if active := w.verify(fresh[i].Secret).Active; active != won {
			w.Errorf("the value of person %d: active is %t, their answer was %v", i, active, err)
		}
	}
	w.equal("the number of winners", winners, 1)
	w.equal("the version", w.token(id).Secret.Version, int64(2))
}

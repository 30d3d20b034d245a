//go:build unix

package service_test

import (
	"fmt"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// nodes opens several services on one database.
func nodes(t *testing.T, number int, now func() time.Time) []*service.Backend {
	t.Helper()
	address := pgtest.Address(t)
	backends := make([]*service.Backend, number)
	for i := range backends {
		backends[i] = openWith(t, service.Options{Database: address, Now: now}).As(anna)
	}
	return backends
}

// atOnce runs a function for each of several backends at the same time.
func atOnce(backends []*service.Backend, fn func(int, *service.Backend)) {
	var wg sync.WaitGroup
	for i, b := range backends {
		wg.Go(func() { fn(i, b) })
	}
	wg.Wait()
}

// Changes of one access token come one after the other: none is lost, and of several regenerations that expect the same secret
// one takes place.
func TestPostgreSQLChangesOfOneToken(t *testing.T) {
	backends := nodes(t, 4, time.Now)
	made, err := backends[0].CreateAccessToken(background, newRequest(t, "deploy", ""))
	if err != nil {
		t.Fatal(err)
	}
	id := made.ID
	for round := range faultRounds(25, 250) {
		name, text := fmt.Sprintf("name %d", round), fmt.Sprintf("text %d", round)
		var mu sync.Mutex
		regenerated := 0
		atOnce(backends, func(i int, b *service.Backend) {
			update := tokens.AccessTokenUpdate{Settings: tokens.Settings{Name: name, Description: text}}
			switch i {
			case 0:
				update.Fields = tokens.Fields{"name"}
			case 1:
				update.Fields = tokens.Fields{"description"}
			default:
				update.Regeneration = &tokens.Regeneration{
					NewSecretFor: newRequest(t, "", "").NewSecretFor, Reason: tokens.ReasonTrigger, ExpectedVersion: int64(round + 1),
				}
			}
			switch _, err := b.UpdateAccessToken(background, id, update); {
			case err == nil && i > 1:
				mu.Lock()
				defer mu.Unlock()
				regenerated++
			case err != nil && (i <= 1 || tokens.ErrorReason(err) != tokens.ReasonVersionMovedOn):
				t.Errorf("%d: %v", i, err)
			}
		})
		got, err := backends[1].AccessToken(background, id)
		if err != nil || got.Name != name || got.Description != text || regenerated != 1 || got.Secret.Version != int64(round+2) {
			t.Fatalf("got %q, %q, version %d after %d regenerations in round %d, %v", got.Name, got.Description, got.Secret.Version,
				regenerated, round, err)
		}
	}
}

// The end of a grace period leaves one event, however many changes come after it at once.
func TestPostgreSQLEndsGracesOnce(t *testing.T) {
	clock := backendtest.NewClock()
	backends := nodes(t, 4, clock.Now)
	grace := tokens.Grace{Duration: time.Minute}
	for round := range faultRounds(10, 100) {
		made, err := backends[0].CreateAccessToken(background, newRequest(t, fmt.Sprintf("token %d", round), ""))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := backends[0].UpdateAccessToken(background, made.ID, tokens.AccessTokenUpdate{Regeneration: &tokens.Regeneration{
			NewSecretFor: newRequest(t, "", "").NewSecretFor, Reason: tokens.ReasonTrigger, Grace: &grace,
		}}); err != nil {
			t.Fatal(err)
		}
		clock.Advance(2 * time.Minute)
		atOnce(backends, func(i int, b *service.Backend) {
			if _, err := b.CreateAccessToken(background, newRequest(t, fmt.Sprintf("token %d of %d", i, round), "")); err != nil {
				t.Error(err)
			}
		})
		events, err := backends[0].Events(background, tokens.EventQuery{
			ObjectID: made.ID, Action: string(tokens.ActionAccessTokenRetirePrevious),
		})
		if err != nil || len(events) != 1 {
			t.Fatalf("%d events, %v", len(events), err)
		}
	}
}

// What TestMiscountedHistory says of SQLite.
func TestPostgreSQLMiscountedHistory(t *testing.T) {
	miscountHistory(t, pgtest.Address(t), executeOnPostgreSQL)
}

// executeOnPostgreSQL runs statements in a schema.
func executeOnPostgreSQL(t *testing.T, address, statements string) {
	t.Helper()
	conn, err := pgx.Connect(background, withSearchPath(t, address))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(background)
	if _, err := conn.Exec(background, statements); err != nil {
		t.Fatal(err)
	}
}

// withSearchPath returns an address of ours for another program, which names tables without the schema.
func withSearchPath(t *testing.T, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	query.Set("search_path", query.Get("schema"))
	query.Del("schema")
	query.Set("default_query_exec_mode", "simple_protocol") // which takes several statements at once
	u.RawQuery = query.Encode()
	return u.String()
}

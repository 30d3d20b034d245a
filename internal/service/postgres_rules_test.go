//go:build unix

package service_test

import (
	"database/sql"
	"math/rand"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
)

// PostgreSQL searches, filters, orders and pages as the rules say.
func TestListsFollowTheRulesOnPostgreSQL(t *testing.T) {
	backendtest.Checking(t, "60")
	o := randomOrganization(rand.New(rand.NewSource(1)))
	address := pgtest.Address(t)
	engine, err := postgres.New(address)
	if err != nil {
		t.Fatal(err)
	}
	o.writeTo(t, engine)
	listsFollowTheRules(t, o, openWith(t, service.Options{Database: address, Now: func() time.Time { return listTime }}))
}

// PostgreSQL filters events as the rule says.
func TestEventsFollowTheRuleOnPostgreSQL(t *testing.T) {
	backendtest.Checking(t, "60")
	eventsFollowTheRule(t, pgtest.Address(t), executeOnPostgreSQL)
}

// Whatever somebody does to the events in PostgreSQL is found, as in a file.
func TestHistoryOnPostgreSQLCannotBeRewrittenUnseen(t *testing.T) {
	backendtest.Checking(t, "25")
	historyCannotBeRewritten(t, func() rewritable {
		address := pgtest.Address(t)
		connect := func() (*sql.DB, error) { return sql.Open("pgx", withSearchPath(t, address)) }
		return rewritable{address, connect, `UPDATE schema_version SET version = 11`}
	})
}

//go:build unix

package service_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// A server that is too old is refused before anything is made on it, and any other one works.
func TestPostgreSQLVersion(t *testing.T) {
	address := pgtest.Address(t)
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, strings.Split(address, "&schema=")[0])
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var version int
	if err := conn.QueryRow(ctx, `SELECT current_setting('server_version_num')::int`).Scan(&version); err != nil {
		t.Fatal(err)
	}
	opened := service.Open(service.Options{Database: address, Now: time.Now})
	defer opened.Close()
	_, err = opened.As(tokens.AsDatabaseOwner("local:anna@laptop")).CreateGroup(ctx,
		tokens.NewGroup{Request: tokens.NewRequest(time.Now()), GroupSettings: tokens.GroupSettings{Name: "shop"}})
	const oldest = 130000
	switch {
	case version >= oldest && err != nil:
		t.Errorf("version %d: %v", version, err)
	case version < oldest && (err == nil || !strings.Contains(err.Error(), "needs PostgreSQL 13 or later") ||
		!pgtest.IsEmpty(t, address)):
		t.Errorf("version %d is not refused: %v", version, err)
	}
}

//go:build linux

package serverbench

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/sqlite"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// filled is a database with many tokens.
type filled struct {
	// database is its path or address, and values a file with the value of each token, all of the same length.
	database, values string
}

// tokensOfUser is how many tokens a technical user has.
const tokensOfUser = 20

// databases are those that were made, by how many tokens they have. The benchmarks share them.
var databases = map[int]filled{}

// databaseOf returns a database with so many tokens.
func databaseOf(b *testing.B, count int) filled {
	b.Helper()
	if db, ok := databases[count]; ok {
		return db
	}
	dir, err := newDirectory()
	if err != nil {
		b.Fatal(err)
	}
	db := filled{filepath.Join(dir, "latchkey.db"), filepath.Join(dir, "values")}
	if inPostgreSQL() {
		db.database = postgresServer(b).Address(fmt.Sprintf("tokens_%d", count))
		err = db.fillPostgreSQL(b, count)
	} else {
		err = db.fill(context.Background(), count)
	}
	if err != nil {
		b.Fatal(err)
	}
	databases[count] = db
	return db
}

// placeVariable is the environment variable that says where the databases are: "postgres", or in files.
const placeVariable = "LATCHKEY_TEST_PLACE"

func inPostgreSQL() bool { return os.Getenv(placeVariable) == "postgres" }

// postgres is the server that holds the databases, if they are there.
var postgres *pgtest.Server

// postgresServer returns that server, which all benchmarks share and which keeps what it commits.
func postgresServer(b *testing.B) *pgtest.Server {
	b.Helper()
	if postgres == nil {
		dir, err := newDirectory()
		if err != nil {
			b.Fatal(err)
		}
		if postgres, err = pgtest.StartIn(dir); err != nil {
			b.Fatal(err)
		}
	}
	return postgres
}

// fillPostgreSQL makes the database in PostgreSQL.
func (db filled) fillPostgreSQL(b *testing.B, count int) error {
	b.Helper()
	s := service.Open(service.Options{Database: db.database, Now: time.Now})
	if _, err := s.As(owner).CreateGroup(b.Context(), tokens.NewGroup{
		Request: tokens.NewRequest(time.Now()), GroupSettings: tokens.GroupSettings{Name: "benchmark"},
	}); err != nil {
		return err
	}
	if err := s.Close(); err != nil {
		return err
	}
	pgtest.StoreTokens(b, db.database, count)
	var values bytes.Buffer
	for i := range count {
		values.WriteString(pgtest.StoredValue(1 + i))
	}
	return os.WriteFile(db.values, values.Bytes(), 0o600)
}

// fill makes the database, in few transactions and without the rules and events of a service.
func (db filled) fill(ctx context.Context, count int) error {
	engine, err := sqlite.New(db.database)
	if err != nil {
		return err
	}
	s := store.New(engine, time.Now)
	file, err := os.Create(db.values)
	if err != nil {
		return err
	}
	values := bufio.NewWriter(file)
	found := func(ctx context.Context, tx store.Tx) error {
		return tx.InsertDatabase(ctx, tokens.NewID(tokens.KindDatabase, time.Now()), "acme", time.Now())
	}
	const atOnce = 20_000
	for first := 0; first < count; first += atOnce {
		err := s.WriteOrMake(ctx, found, func(tx store.Tx) error {
			return insertTokens(ctx, tx, first, min(first+atOnce, count), values)
		})
		if err != nil {
			return err
		}
	}
	if err := values.Flush(); err != nil {
		return err
	}
	if err := file.Close(); err != nil {
		return err
	}
	return s.Close()
}

// insertTokens makes the tokens with some numbers, and their technical users, and writes the values.
func insertTokens(ctx context.Context, tx store.Tx, first, end int, values *bufio.Writer) error {
	var user tokens.TechnicalUser
	for i := first; i < end; i++ {
		now := time.Now()
		if i%tokensOfUser == 0 {
			name := fmt.Sprintf("service-%d", i/tokensOfUser)
			user = tokens.TechnicalUser{
				ID: tokens.NewID(tokens.KindTechnicalUser, now), Email: name + "@acme.latchkey.internal",
				TechnicalUserSettings: tokens.TechnicalUserSettings{
					Name: name, Grants: tokens.Grants{Role: tokens.RoleMember}, Enabled: true,
				},
				CreatedAt: now, UpdatedAt: now,
			}
			if err := tx.InsertTechnicalUser(ctx, user); err != nil {
				return err
			}
		}
		secret, err := tokens.NewSecret(tokens.DefaultPrefix)
		if err != nil {
			return err
		}
		t := tokens.AccessToken{
			ID: tokens.NewID(tokens.KindAccessToken, now), User: user,
			Settings: tokens.Settings{
				Name: fmt.Sprintf("deploys of region %d", i), Enabled: true, Visibility: tokens.VisibilityOrganization,
			},
			Secret:    tokens.SecretState{Version: 1, CreatedAt: now, Preview: secret.Preview()},
			CreatedAt: now, UpdatedAt: now,
		}
		if err := tx.InsertAccessToken(ctx, t); err != nil {
			return err
		}
		if err := tx.InsertSecret(ctx, t.ID, secret.Hash(), t.Secret); err != nil {
			return err
		}
		if _, err := values.WriteString(secret.Reveal()); err != nil {
			return err
		}
	}
	return nil
}

// refusedValues makes tokens in the database that are stopped in each way there is, and returns their values, and as many
// values that nobody has.
func refusedValues(b *testing.B, db filled) (stopped, unknown []string) {
	b.Helper()
	s := service.Open(service.Options{Database: db.database, Now: time.Now})
	defer s.Close()
	backend := s.As(owner)
	ways := []struct {
		settings tokens.Settings
		stop     func(t tokens.AccessToken, secret tokens.Secret) error
	}{
		{settings: tokens.Settings{Enabled: false}},
		{settings: tokens.Settings{Enabled: true, ActivatesAt: time.Now().Add(time.Hour)}},
		{settings: tokens.Settings{Enabled: true, ExpiresAt: time.Now().Add(2 * time.Second)}},
		{settings: tokens.Settings{Enabled: true}, stop: func(t tokens.AccessToken, _ tokens.Secret) error {
			_, err := backend.HoldAccessToken(b.Context(), t.ID, "benchmark")
			return err
		}},
		{settings: tokens.Settings{Enabled: true}, stop: func(t tokens.AccessToken, _ tokens.Secret) error {
			return backend.DeleteAccessToken(b.Context(), t.ID)
		}},
		{settings: tokens.Settings{Enabled: true}, stop: func(_ tokens.AccessToken, secret tokens.Secret) error {
			_, err := s.As(tokens.AsTokenHolder(secret)).RevokeSecret(b.Context(), secret)
			return err
		}},
	}
	for _, way := range ways {
		secret, other := newSecret(b), newSecret(b)
		way.settings.Name = "stopped"
		created, err := backend.CreateAccessToken(b.Context(), tokens.NewAccessToken{
			NewSecretFor: tokens.NewSecretFor{Request: tokens.NewRequest(time.Now()), Secret: secret},
			Settings:     way.settings,
		})
		if err == nil && way.stop != nil {
			err = way.stop(created.AccessToken, secret)
		}
		if err != nil {
			b.Fatal(err)
		}
		stopped, unknown = append(stopped, secret.Reveal()), append(unknown, other.Reveal())
	}
	time.Sleep(2 * time.Second) // until the last one has expired
	return stopped, unknown
}

func newSecret(b *testing.B) tokens.Secret {
	b.Helper()
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	if err != nil {
		b.Fatal(err)
	}
	return secret
}

//go:build unix

package service_test

import (
	"errors"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/backendtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// No connection leads to a replica, also where the address names one as the second host and doesn't say which is meant: it lags
// behind, and would take what was stopped for good.
func TestNoLookUpsOnReplica(t *testing.T) {
	primary := pgtest.New(t)
	const schema = "replicated"
	clock := backendtest.NewClock()
	request := newRequest(t, "deploy", "")
	if _, err := open(t, primary.Address(schema), clock.Now).CreateAccessToken(background, request); err != nil {
		t.Fatal(err)
	}
	replica := primary.Replica(t)
	replica.Eventually(t, `SELECT count(*) > 0 FROM replicated.secrets`)
	address := strings.Replace(pgtest.AddressOfAny(schema, primary, replica), "&target_session_attrs=read-write", "", 1)
	b := open(t, address, clock.Now)
	if v, err := b.VerifySecret(background, request.Secret, tokens.VerifyOptions{}); err != nil || !v.Active {
		t.Fatalf("from the primary: %+v, %v", v, err)
	}
	t.Setenv("PGTARGETSESSIONATTRS", "standby")
	if v, err := open(t, replica.Address(schema), clock.Now).VerifySecret(background, request.Secret, tokens.VerifyOptions{}); err == nil {
		t.Errorf("asked for a replica by the environment: %+v", v)
	}
	primary.Stop(syscall.SIGINT)
	if v, err := b.VerifySecret(background, request.Secret, tokens.VerifyOptions{}); tokens.ErrorCode(err) != tokens.CodeUnavailable {
		t.Errorf("while the primary is away: %+v, %v", v, err)
	}
}

// A replica that takes over without the last commits is known for an older copy by whoever has seen those, until somebody
// says that it is meant.
func TestLossyFailover(t *testing.T) {
	clock := backendtest.NewClock()
	primary := pgtest.New(t)
	const schema = "failover"
	c := copies{T: t, clock: clock, path: primary.Address(schema)}
	b := open(t, c.path, clock.Now)
	request := newRequest(t, "deploy", "")
	if _, err := b.CreateAccessToken(background, request); err != nil {
		t.Fatal(err)
	}
	replica := primary.Replica(t)
	c.copied = replica.Address(schema)
	kept := c.change(c.path)
	replica.Eventually(t, `SELECT count(*) = `+strconv.FormatInt(kept.Serial, 10)+` FROM failover.marks`)
	replica.Disconnect(t)
	lost := c.change(c.path)
	replica.Promote(t)
	replica.Eventually(t, `SELECT NOT pg_is_in_recovery()`)

	look := func(seen tokens.Mark) error {
		s := service.Open(service.Options{Database: c.copied, Now: clock.Now})
		_, err := s.As(anna).Groups(tokens.WithWitness(background, &tokens.Witness{Expects: seen}))
		return errors.Join(err, s.Close())
	}
	if err := look(kept); err != nil {
		t.Errorf("what it has been through: %v", err)
	}
	if err := look(lost); tokens.ErrorReason(err) != tokens.ReasonOlderDatabase {
		t.Errorf("what it lacks: got %v", err)
	}
	c.change(c.copied)
	if err := look(lost); tokens.ErrorReason(err) != tokens.ReasonForkedDatabase {
		t.Errorf("what it did otherwise: got %v", err)
	}
	clock.Advance(time.Second)
	accept := service.Acceptance{Options: service.Options{Database: c.copied, Now: clock.Now}, Actor: anna.Actor()}
	if found, err := accept.Look(background); err != nil || found.Database.ID != kept.Database {
		t.Errorf("got %+v, %v", found, err)
	}
	if _, err := accept.Run(background); err != nil {
		t.Fatal(err)
	}
	if err := look(lost); err != nil {
		t.Errorf("after it was accepted: %v", err)
	}
	v, err := open(t, c.copied, clock.Now).VerifySecret(background, request.Secret, tokens.VerifyOptions{})
	if err != nil || !v.Active {
		t.Errorf("active is %t, %v", v.Active, err)
	}
}

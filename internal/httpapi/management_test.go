package httpapi

import (
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// managed is a management server over a new database, with the token of an owner.
type managed struct {
	testing.TB
	service *service.Service
	server  *httptest.Server
	owner   tokens.Secret
	// database is the path of the database.
	database string
}

// newManaged returns a management server.
func newManaged(t testing.TB) *managed {
	t.Helper()
	options := service.Options{Database: t.TempDir() + "/latchkey.db", Now: time.Now}
	secret, err := tokens.NewSecret(tokens.DefaultPrefix)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := (service.Bootstrap{Options: options, Actor: "local:anna@host"}).Run(t.Context(),
		tokens.NewSecretFor{Request: tokens.NewRequest(time.Now()), Secret: secret}); err != nil {
		t.Fatal(err)
	}
	m := &managed{TB: t, service: service.Open(options), owner: secret, database: options.Database}
	t.Cleanup(func() { _ = m.service.Close() })
	m.server = httptest.NewUnstartedServer(NewManagement(ManagementOptions{
		As:  func(p tokens.Principal) tokens.Backend { return m.service.As(p) },
		Now: time.Now,
	}))
	m.server.Config.DisableGeneralOptionsHandler = true
	m.server.Config.MaxHeaderBytes = 64 << 10
	m.server.Start()
	t.Cleanup(m.server.Close)
	return m
}

// client returns a client that asks by a token.
func (m *managed) client(token tokens.Secret) *Client {
	m.Helper()
	endpoint, err := url.Parse(m.server.URL)
	if err != nil {
		m.Fatal(err)
	}
	return NewClient(ClientOptions{Endpoint: endpoint, Token: token, Now: time.Now, Product: "test"})
}

func TestGroupsOverHTTP(t *testing.T) {
	m := newManaged(t)
	c := m.client(m.owner)
	ctx := t.Context()
	made, err := c.CreateGroup(ctx, tokens.NewGroup{
		Request: tokens.NewRequest(time.Now()), GroupSettings: tokens.GroupSettings{Name: "payments", Description: "Pay"},
	})
	if err != nil {
		t.Fatal(err)
	}
	changed, err := c.UpdateGroup(ctx, made.ID, tokens.GroupUpdate{
		Settings: tokens.GroupSettings{Name: "ignored", Description: ""}, Fields: tokens.Fields{"description"},
	})
	if err != nil || changed.Name != "payments" || changed.Description != "" {
		t.Fatalf("an update made %+v, %v", changed, err)
	}
	all, err := c.Groups(ctx)
	if err != nil || len(all) != 1 || all[0] != changed {
		t.Fatalf("there are %+v, %v", all, err)
	}
	if err := c.DeleteGroup(ctx, made.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Group(ctx, made.ID); tokens.ErrorCode(err) != tokens.CodeNotFound {
		t.Errorf("a deleted group is %v", err)
	}
	d, err := c.Database(ctx)
	if err != nil || d.Organization != tokens.DefaultOrganization {
		t.Errorf("the database is %+v, %v", d, err)
	}
	var other tokens.Secret
	if other, err = tokens.NewSecret("lk"); err != nil {
		t.Fatal(err)
	}
	if _, err := m.client(other).Groups(ctx); tokens.ErrorReason(err) != tokens.ReasonUnauthenticated {
		t.Errorf("a stranger gets %v", err)
	}
}

// forwardTo returns a proxy to a server.
func forwardTo(target *url.URL) http.Handler {
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }}
}

package cli

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/httpapi"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/verify"
)

// serve answers gateways and APIs that ask whether a value is good.
type serve struct {
	Listen            string `help:"Where to answer: 127.0.0.1:8080 by default. Port 0 takes a free one." placeholder:"HOST:PORT" default:"127.0.0.1:8080"`
	ManageListen      string `help:"Answer the management API there, and no longer at --listen." placeholder:"HOST:PORT"`
	OpsListen         string `help:"Answer /metrics, /healthz and /readyz there, and no longer at --listen." placeholder:"HOST:PORT"`
	TLSCert           string `name:"tls-cert" help:"Speak TLS with the certificate in this file, PEM, which may go on with those up to an authority. Read again every 10 seconds and on SIGHUP." placeholder:"FILE"`
	TLSKey            string `name:"tls-key" help:"The file with its private key, PEM." placeholder:"FILE"`
	Drain             string `help:"How long to go on answering after SIGTERM, while /readyz says 503; 5s by default." placeholder:"DURATION" default:"5s"`
	MaxStaleness      string `help:"Answer 503 when the database could not be read for so long; 5s by default." placeholder:"DURATION" default:"5s"`
	ListenDatabase    string `help:"Hear at this address of the same database, in PostgreSQL, of changes: the server itself, past a pooler." placeholder:"URL"`
	CacheRows         number `help:"Keep at most N values in memory, about 0.5 kB each; a million by default." placeholder:"N" default:"1000000"`
	Challenge         string `help:"What a refusal asks for: bearer, basic or, by default, both." enum:"bearer,basic,both" default:"both" placeholder:"SCHEME"`
	PermissionsHeader bool   `help:"Tell gateways the permissions of a token, too, in X-Latchkey-Permissions."`
	AcceptPersonal    bool   `help:"Let personal tokens of members pass, too. Without it they are refused like unknown values."`
	IntrospectExp     bool   `help:"Tell when a token expires, in exp of an introspection. Many clients take it for good until then, whatever happens to it."`
	LogFormat         string `help:"The form of the log on standard error: text, the default, or json." enum:"text,json" default:"text" placeholder:"FORMAT"`
	LogLevel          string `help:"The least that is logged: debug, info (the default), warn or error." enum:"debug,info,warn,error" default:"info" placeholder:"LEVEL"`
}

// Help says what the server answers and how it ends.
func (*serve) Help() string {
	return "Gateways ask /v1/authenticate and /v1/authorize/PERMISSION, APIs ask /v1/introspect (RFC 7662), and holders end " +
		"their own value at /v1/revoke (RFC 7009). /healthz says whether the server lives, /readyz whether it may be asked, " +
		"and /metrics is for Prometheus.\n\n" +
		"Terraform, the command line (--endpoint) and other programs manage tokens through the same server, each with an access " +
		"token; /openapi.json describes how.\n\n" +
		"It starts without a database, too, and answers 503 until there is one that it can read. What others change in the " +
		"database takes effect within a second.\n\n" +
		"SIGTERM or Ctrl-C ends it: /readyz says 503, and after --drain it closes its port, answers what has begun, and " +
		"writes when tokens were last used. A second one ends it at once. GOGC and GOMEMLIMIT work as for every Go program."
}

// serveSettings are the flags of serve, read and judged.
type serveSettings struct {
	public, manage, ops *address
	drain, maxStaleness time.Duration
}

// settings reads the flags.
func (c *serve) settings(app *app) (s serveSettings, err error) {
	if app.actAs != "" {
		return s, misusef("--act-as: the server answers whoever holds a value, and acts as no member; leave --act-as out")
	}
	if c.CacheRows == 0 {
		return s, misusef("--cache-rows: the server needs room for one value at least: give a number such as " +
			"--cache-rows=1000000, or leave it out")
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return s, misusef("--tls-cert and --tls-key belong together: name both files, or neither")
	}
	if c.ListenDatabase != "" {
		if !tokens.IsDatabaseAddress(app.database) {
			return s, misusef("--listen-database is for a database in PostgreSQL, and this one is a file: leave it out")
		}
		if !tokens.IsDatabaseAddress(c.ListenDatabase) {
			return s, misusef("--listen-database: this is no address of a PostgreSQL server: write it like --database")
		}
		if _, err := locate("--listen-database", c.ListenDatabase); err != nil {
			return s, misusef("%s", err)
		}
	}
	if s.drain, err = durationOrNone("--drain", c.Drain); err != nil {
		return s, misuseOf(c.Drain, err)
	}
	if s.maxStaleness, err = parseStaleness(c.MaxStaleness); err != nil {
		return s, err
	}
	if s.public, err = c.address("--listen", c.Listen, app.isInsecure); err != nil {
		return s, err
	}
	if c.ManageListen != "" {
		if s.manage, err = c.address("--manage-listen", c.ManageListen, app.isInsecure); err != nil {
			return s, err
		}
	}
	if c.OpsListen != "" {
		s.ops, err = c.address("--ops-listen", c.OpsListen, app.isInsecure)
	}
	return s, err
}

// parseStaleness reads how old the knowledge of changes may be.
func parseStaleness(text string) (time.Duration, error) {
	staleness, err := durationOrNone("--max-staleness", text)
	if err != nil {
		return 0, misuseOf(text, err)
	}
	if staleness == 0 {
		return 0, misusef("--max-staleness: the duration must be at least one second; leave --max-staleness out for 5s")
	}
	return staleness, nil
}

// Run serves until the process is told to end.
func (c *serve) Run(ctx context.Context, app *app) error {
	settings, err := c.settings(app)
	if err != nil {
		return err
	}
	signals, hangups := make(chan os.Signal, 2), make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)

	log := newServeLog(app.Stderr, c.LogFormat, c.LogLevel)
	ports, err := c.listen(ctx, settings, log, app.Now)
	if err != nil {
		return err
	}
	pace, resetPace := setPace(app.LookupEnv)
	defer resetPace()
	opened := app.openToFollow(c.ListenDatabase)
	c.introduce(ctx, app, ports, opened.Verifications(), log)
	serving := c.newServing(app, settings, log, ports, opened, hangups)
	if pace != nil {
		serving.beside = append(serving.beside, pace.keep)
	}
	return serving.run(ctx, signals)
}

// ports are what a server listens at, and the certificate with which it does; nil for plain HTTP.
type ports struct {
	public, manage, ops net.Listener
	certificate         *certificate
}

// listen reads the certificate and begins to listen.
func (c *serve) listen(
	ctx context.Context, settings serveSettings, log *slog.Logger, now func() time.Time,
) (p ports, err error) {
	if c.TLSCert != "" {
		if p.certificate, err = newCertificate(c.TLSCert, c.TLSKey, log, now); err != nil {
			return p, err
		}
	}
	var opened []net.Listener
	for _, port := range []struct {
		at       *address
		listener *net.Listener
	}{{settings.public, &p.public}, {settings.manage, &p.manage}, {settings.ops, &p.ops}} {
		if port.at == nil {
			continue
		}
		listener, err := port.at.listen(ctx)
		if err != nil {
			for _, l := range opened {
				err = errors.Join(err, l.Close())
			}
			return p, err
		}
		*port.listener, opened = listener, append(opened, listener)
	}
	return p, nil
}

// introduce logs where the server answers, and from which database.
func (c *serve) introduce(ctx context.Context, app *app, ports ports, of service.Verifications, log *slog.Logger) {
	scheme := "http://"
	if ports.certificate != nil {
		scheme = "https://"
	}
	facts := []any{"address", scheme + ports.public.Addr().String()}
	if ports.manage != nil {
		facts = append(facts, "manage_address", scheme+ports.manage.Addr().String())
	}
	if ports.ops != nil {
		facts = append(facts, "ops_address", scheme+ports.ops.Addr().String())
	}
	facts = append(facts, "version", app.Version)
	log.Info("the server answers", append(facts, identity(ctx, of, app.location)...)...)
}

// newServing puts a server together: the database, the cache in front of it, and what answers from that.
func (c *serve) newServing(
	app *app, settings serveSettings, log *slog.Logger, ports ports, opened *service.Service,
	hangups <-chan os.Signal,
) *serving {
	registry := newRegistry(app.Version)
	cache := verify.New(opened.Verifications(), httpapi.Renderer{Permissions: c.PermissionsHeader}.Identity, verify.Options{
		Rows: int(c.CacheRows), MaxStaleness: settings.maxStaleness, Now: app.Now,
	})
	counts, flushes := newTokenMetrics(opened.CountTokens, log), newFlushes(registry, opened.UsedTokens, log)
	registry.MustRegister(cacheMetrics(cache.Stats), counts, newHistoryMetric(opened.Head, app.Now, log))
	verification := httpapi.NewVerification(httpapi.Options{
		Cache: cache, Uses: opened, Revoker: holders{opened}, AcceptPersonal: c.AcceptPersonal,
		IntrospectExpiry: c.IntrospectExp,
		Challenge:        httpapi.Challenge(c.Challenge), Now: app.Now, Log: log, Observer: newRequestMetrics(registry),
	})
	s := &serving{
		log: log, health: &health{ready: cache.Ready, degraded: func() string { return cache.Notifications().Problem }}, drain: settings.drain, finish: opened.Close,
		beside: []func(context.Context){
			func(ctx context.Context) {
				known := func() bool { return cache.Stats().Age >= 0 }
				cache.Run(ctx, tellOfDatabase(ctx, opened.Verifications(), app.location, log, known))
			},
			func(ctx context.Context) { opened.KeepUses(ctx, flushes.tell) },
			func(ctx context.Context) { counts.run(ctx, app.Now) },
		},
	}
	if ports.certificate != nil {
		registry.MustRegister(certificateMetrics(ports.certificate))
		s.beside = append(s.beside, func(ctx context.Context) { ports.certificate.keepFresh(ctx, hangups) })
	}
	ops := operations{"/healthz": s.health.live, "/readyz": s.health.mayBeAsked, "/metrics": metricsHandler(registry)}
	management := httpapi.NewManagement(httpapi.ManagementOptions{
		As:    func(p tokens.Principal) tokens.Backend { return opened.As(p) },
		Cache: cache, Now: app.Now, Location: opened.Location(), Log: log, Version: app.Version,
		Observer: newManagementMetrics(registry),
	})
	at := func(listener net.Listener, handler http.Handler) {
		s.at = append(s.at, newListening(listener, handler, ports.certificate, log))
	}
	var public http.Handler = verification
	if ports.manage == nil {
		public = httpapi.Front(verification, management)
	} else {
		at(ports.manage, management)
	}
	if ports.ops == nil {
		public = ops.beside(public)
	} else {
		at(ports.ops, ops.beside(http.HandlerFunc(answerNothing)))
	}
	at(ports.public, public)
	return s
}

package acceptance

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// balancers are the load balancers of examples/deploy/nodes by the programs that they are for.
var balancers = map[string]func(b balancer) *exec.Cmd{"nginx": balancer.nginx, "haproxy": balancer.haproxy, "caddy": balancer.caddy}

// balancer is what a load balancer is started with.
type balancer struct {
	*deployment
	t testing.TB
	// program is the path of the program, and folder holds its files.
	program, folder string
	// address is where it is to answer, and nodes are the addresses of those before which it stands.
	address string
	nodes   []string
}

// startBalancer starts a load balancer before nodes, and returns where it answers; an empty string where this machine lacks
// the program.
func (d *deployment) startBalancer(program string, nodes []string) string {
	d.t.Helper()
	path := d.installed(program)
	if path == "" {
		return ""
	}
	b := balancer{d, d.t, path, d.t.TempDir(), freeAddress(d.t), nodes}
	startBackground(d.t, balancers[program](b), b.address)
	return "https://localhost:" + b.port()
}

// installed returns the path of a program that an example is for; an empty string where this machine lacks it.
func (d *deployment) installed(program string) string {
	d.t.Helper()
	path, err := exec.LookPath(program)
	if err != nil {
		path, err = exec.LookPath("/usr/sbin/" + program) // which is not in everyone's PATH
	}
	if err != nil && os.Getenv("REQUIRE_GATEWAYS") != "" {
		d.t.Fatalf("no %s in the PATH, and REQUIRE_GATEWAYS asks for it", program)
	}
	if err != nil {
		d.t.Logf("NOT TESTED for want of %s: apt-get install nginx-light caddy haproxy pgbouncer", program)
		return ""
	}
	return path
}

func (b balancer) port() string { return b.address[strings.LastIndex(b.address, ":")+1:] }

// example returns a file of the example with the addresses of the nodes and with further changes.
func (b balancer) example(name string, changes ...string) string {
	b.t.Helper()
	for i, node := range b.nodes {
		changes = append(changes, fmt.Sprintf("10.0.0.1%d:8080", i+1), node)
	}
	return writeTo(b.t, b.folder, name, adapted(b.t, b.nodeFile(name), changes...))
}

func (b balancer) nginx() *exec.Cmd {
	own := "http {\n"
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		own += fmt.Sprintf("%s_temp_path %s;\n", kind, filepath.Join(b.folder, kind))
	}
	config := b.example("nginx.conf", "http {\n", own, "/var/log/nginx/access.log", filepath.Join(b.folder, "access.log"),
		"8443 ssl;", b.address+" ssl;", "/etc/ssl/latchkey.example.com.pem", b.server.Authority,
		"/etc/ssl/latchkey.example.com.key", b.server.Key)
	global := "daemon off; pid " + filepath.Join(b.folder, "pid") + ";"
	if os.Getuid() == 0 {
		global += " user root;" // the folders of the test belong to root
	}
	return exec.CommandContext(b.t.Context(), b.program, "-e", filepath.Join(b.folder, "error.log"), "-g", global, "-c", config)
}

func (b balancer) haproxy() *exec.Cmd {
	certificate, err := os.ReadFile(b.server.Authority)
	if err != nil {
		b.t.Fatal(err)
	}
	key, err := os.ReadFile(b.server.Key)
	if err != nil {
		b.t.Fatal(err)
	}
	both := writeTo(b.t, b.folder, "both.pem", string(certificate)+string(key))
	config := b.example("haproxy.cfg", "bind :8443", "bind "+b.address, "/etc/ssl/latchkey.example.com.pem", both)
	return exec.CommandContext(b.t.Context(), b.program, "-db", "-f", config)
}

func (b balancer) caddy() *exec.Cmd {
	config := b.example("Caddyfile", "latchkey.example.com {\n",
		fmt.Sprintf("https://localhost:%s {\n\ttls %s %s\n", b.port(), b.server.Authority, b.server.Key),
		"admin off\n", "admin off\n\tauto_https disable_redirects\n")
	cmd := exec.CommandContext(b.t.Context(), b.program, "run", "--adapter", "caddyfile", "--config", config)
	cmd.Env = append(os.Environ(), "HOME="+b.folder, "XDG_DATA_HOME="+b.folder, "XDG_CONFIG_HOME="+b.folder)
	return cmd
}

// client returns a client that trusts the certificate of the deployment, and keeps its connections.
func (d *deployment) client() *http.Client {
	d.t.Helper()
	certificate, err := os.ReadFile(d.server.Authority)
	if err != nil {
		d.t.Fatal(err)
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(certificate)
	transport := &http.Transport{MaxIdleConnsPerHost: 100, TLSClientConfig: &tls.Config{RootCAs: trusted}}
	d.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

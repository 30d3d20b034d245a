//go:build linux

package acceptance

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
)

// newRemoteWorkspace returns a workspace that keeps its state on a server, as teams do.
func newRemoteWorkspace(t testing.TB) *workspace {
	t.Helper()
	return newWorkspaceOn(t, new(stateServer))
}

// newWorkspaceOn returns a workspace that keeps its state on the server. This takes `terraform init`, which finds the
// provider in a folder that mirrors the registry.
func newWorkspaceOn(t testing.TB, state *stateServer) *workspace {
	t.Helper()
	w := newWorkspace(t)
	const version = "0.0.1"
	folder := w.path("mirror/registry.terraform.io/latchkey-dev/latchkey/" + version + "/linux_" + runtime.GOARCH)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(binary(t), filepath.Join(folder, "terraform-provider-latchkey_v"+version)); err != nil {
		t.Fatal(err)
	}
	w.write("cli.tfrc", `provider_installation {
		filesystem_mirror { path = "`+w.path("mirror")+`" }
	}`)
	server := httptest.NewServer(state)
	t.Cleanup(server.Close)
	w.write("backend.tf", `terraform {
		backend "http" { address = "`+server.URL+`" }
	}`)
	w.configure("")
	w.terraform("init").exits(0)
	return w
}

// stateServer keeps the state of one workspace.
type stateServer struct {
	mu    sync.Mutex
	state []byte
	// lose, if set, is called in place of keeping a state that Terraform sends.
	lose func()
}

func (s *stateServer) ServeHTTP(response http.ResponseWriter, request *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch request.Method {
	case http.MethodGet:
		_, _ = response.Write(s.state)
	case http.MethodPost:
		sent, _ := io.ReadAll(request.Body)
		if s.lose == nil {
			s.state = sent
			return
		}
		s.lose()
		<-request.Context().Done() // no answer: Terraform is dead
	}
}

// loses sets the function to call in place of keeping a state; nil keeps states.
func (s *stateServer) loses(lose func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lose = lose
}

// applyLosingState applies, and kills Terraform and the provider when Terraform sends the state to the server: all
// changes are made, and no state records them.
func (w *workspace) applyLosingState(state *stateServer) result {
	w.t.Helper()
	cmd := w.terraformCommand("apply")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // the provider is in the same group
	running := make(chan int, 1)
	state.loses(func() { _ = syscall.Kill(-<-running, syscall.SIGKILL) })
	defer state.loses(nil)
	ended := start(w.t, cmd)
	running <- cmd.Process.Pid
	return ended()
}

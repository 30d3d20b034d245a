//go:build linux

package serverbench

import (
	"encoding/json"
	"net"
	"net/http"
	"time"
)

// bareTask is what a bare server does.
type bareTask struct {
	// Header is the header of its answers, but for what net/http adds.
	Header http.Header
}

// serveBare answers every request alike, by net/http alone. Its limits are those of the server under test, since each
// costs something for every request.
func serveBare(task *json.Decoder, result *json.Encoder) error {
	var t bareTask
	if err := task.Decode(&t); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	if err := result.Encode(listener.Addr().String()); err != nil {
		return err
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	server := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			h := w.Header()
			for name, values := range t.Header {
				h[name] = values
			}
			w.WriteHeader(http.StatusOK)
		}),
		ReadHeaderTimeout:            10 * time.Second,
		ReadTimeout:                  20 * time.Second,
		WriteTimeout:                 30 * time.Second,
		IdleTimeout:                  3 * time.Minute,
		MaxHeaderBytes:               64 << 10,
		DisableGeneralOptionsHandler: true,
		Protocols:                    protocols,
	}
	return server.Serve(listener)
}

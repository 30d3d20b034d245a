package cli

import (
	"io"
	"log"
	"log/slog"
	"strings"
)

// newServeLog returns the log of the server. No line of it, at any level, holds a part of a request but the address that
// it came from: a value may stand in any of them.
func newServeLog(w io.Writer, format, level string) *slog.Logger {
	options := &slog.HandlerOptions{}
	switch level {
	case "debug":
		options.Level = slog.LevelDebug
	case "warn":
		options.Level = slog.LevelWarn
	case "error":
		options.Level = slog.LevelError
	}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// libraryLog is where net/http logs to.
type libraryLog struct{ log *slog.Logger }

// newLibraryLog returns a logger for net/http that passes on what it says to another log.
func newLibraryLog(to *slog.Logger) *log.Logger { return log.New(libraryLog{to}, "", 0) }

// Write logs one message. Clients that come and go are no trouble of the server. What a panic says may hold anything,
// so only its stack is logged, which shows no texts.
func (l libraryLog) Write(message []byte) (int, error) {
	text := strings.TrimSpace(strings.TrimPrefix(string(message), "http: "))
	switch {
	case strings.HasPrefix(text, "TLS handshake error"):
		l.log.Debug("a connection ended before its request", "problem", text)
	case strings.HasPrefix(text, "panic serving"):
		_, stack, _ := strings.Cut(text, "\ngoroutine ")
		l.log.Error("a request ended in a panic: this is a mistake in Latchkey, please report it", "stack", stack)
	default:
		l.log.Warn("the HTTP server met a problem", "problem", text)
	}
	return len(message), nil
}

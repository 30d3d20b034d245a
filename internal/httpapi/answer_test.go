package httpapi

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// A handler decides; whatever it forgets is a refusal. net/http alone would send 200.
func TestAnswersStartAsRefusals(t *testing.T) {
	for name, decide := range map[string]handler{
		"returns early": func(*Verification, request) (a answer) { return a },
		"panics":        func(*Verification, request) answer { panic("lk_secret") },
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			v := NewVerification(Options{Now: time.Now, Log: slog.New(slog.NewTextHandler(&log, nil))})
			w := httptest.NewRecorder()
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			a := v.answerWith(decide, request{Request: r})
			a.send(w, r)
			if w.Code != http.StatusServiceUnavailable || a.outcome != OutcomeUnavailable {
				t.Errorf("got %d, %s", w.Code, a.outcome)
			}
			if len(w.Header()) != 1 || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("the headers are %v", w.Header())
			}
			if strings.Contains(name, "panics") == (log.Len() == 0) || strings.Contains(log.String(), "lk_secret") {
				t.Errorf("the log is %q", log.String())
			}
		})
	}
}

func TestNotices(t *testing.T) {
	var n notices
	now := time.Unix(1_000_000, 0)
	if !n.due(notice{"a", "cut"}, now) || n.due(notice{"a", "cut"}, now.Add(noticeEvery-1)) {
		t.Error("a notice was not logged once an hour")
	}
	if !n.due(notice{"b", "cut"}, now) || !n.due(notice{"a", "ill-formed"}, now) {
		t.Error("a notice kept another from the log")
	}
	if !n.due(notice{"a", "cut"}, now.Add(noticeEvery)) {
		t.Error("a notice was not logged again")
	}
	for i := range 2 * mostNotices {
		n.due(notice{strings.Repeat("x", i%7) + time.Duration(i).String(), "cut"}, now)
	}
	if len(n.of) != mostNotices {
		t.Errorf("%d notices are remembered", len(n.of))
	}
	if later := now.Add(3 * noticeEvery); !n.due(notice{"c", "cut"}, later) || len(n.of) != 1 {
		t.Errorf("%d notices are remembered when all are old", len(n.of))
	}
}

package service

import (
	"maps"
	"testing"
	"time"
)

// Uses wait for half a minute, and for another half a minute if they could not be written. None is lost, all are
// counted, and an earlier one never replaces a later one.
func TestUseRecord(t *testing.T) {
	noon := time.Date(2030, time.June, 1, 12, 0, 0, 0, time.UTC)
	after := func(seconds int) time.Time { return noon.Add(time.Duration(seconds) * time.Second) }
	var u useRecord
	a, b, c := usedSecret{"a", 1}, usedSecret{"a", 2}, usedSecret{"c", 1}
	want := func(what string, got, want bool) {
		t.Helper()
		if got != want {
			t.Errorf("%s: due is %t", what, got)
		}
	}
	want("the first use", u.note(a, after(0)), false)
	want("a use soon after", u.note(b, after(29)), false)
	want("a use half a minute after the first", u.note(a, after(30)), true)
	taken := u.take()
	if w := map[usedSecret]uses{a: {2, after(30)}, b: {1, after(29)}}; !maps.Equal(taken, w) {
		t.Errorf("got %v, want %v", taken, w)
	}
	if again := u.take(); len(again) != 0 {
		t.Errorf("uses are handed over twice: %v", again)
	}
	want("a use while they are written", u.note(a, after(40)), false)
	u.giveBack(taken, after(50))
	want("a use after the write failed", u.note(c, after(79)), false)
	want("a use half a minute after the write failed", u.note(c, after(80)), true)
	all := map[usedSecret]uses{a: {3, after(40)}, b: {1, after(29)}, c: {2, after(80)}}
	if got, w := u.take(), all; !maps.Equal(got, w) {
		t.Errorf("got %v, want %v", got, w)
	}
}

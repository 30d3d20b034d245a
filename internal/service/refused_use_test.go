package service

import (
	"strconv"
	"testing"
	"time"
)

// Refused uses wait in bounded memory, one for each token and minute, and the first of them counts.
func TestRefusedUseRecord(t *testing.T) {
	var s Service
	s.RecordRefusedUse("tok_a", 1, noon.Add(10*time.Second))
	s.RecordRefusedUse("tok_a", 2, noon.Add(59*time.Second))
	s.RecordRefusedUse("tok_a", 3, noon.Add(time.Minute))
	s.RecordRefusedUse("", 0, noon) // an unknown value
	taken, dropped := s.refusedUses.take()
	if len(taken) != 2 || dropped != 0 {
		t.Errorf("%d refused uses wait, %d were dropped; want 2 and none", len(taken), dropped)
	}
	for minute, want := range map[time.Duration]refusedSecret{
		0:           {1, noon.Add(10 * time.Second)},
		time.Minute: {3, noon.Add(time.Minute)},
	} {
		if got := taken[refusedUse{"tok_a", noon.Add(minute).Unix()}]; got != want {
			t.Errorf("in minute %s, %+v waits, want %+v", minute, got, want)
		}
	}

	for i := range mostRefusedUses + 10 {
		s.RecordRefusedUse(strconv.Itoa(i), 1, noon)
		s.RecordRefusedUse("0", 1, noon)
	}
	if taken, dropped = s.refusedUses.take(); len(taken) != mostRefusedUses || dropped != 10 {
		t.Errorf("%d refused uses wait, %d were dropped; want %d and 10", len(taken), dropped, mostRefusedUses)
	}
	if taken, dropped = s.refusedUses.take(); len(taken) != 0 || dropped != 0 {
		t.Errorf("%d refused uses wait, %d were dropped; want none after they were taken", len(taken), dropped)
	}
}

// Neither the refused use of a token that waits already nor that of an unknown value costs memory.
func TestNotingARefusedUseAllocatesNothing(t *testing.T) {
	var s Service
	record := func() {
		s.RecordRefusedUse("tok_a", 1, noon)
		s.RecordRefusedUse("", 0, noon)
	}
	record()
	if n := testing.AllocsPerRun(100, record); n != 0 {
		t.Errorf("two refused uses make %v allocations, want none", n)
	}
}

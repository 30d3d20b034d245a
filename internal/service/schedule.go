package service

import (
	"sync"
	"time"
)

// schedule remembers when a service last did a chore that only some operations do on the way.
type schedule struct {
	mu   sync.Mutex
	last time.Time
}

// isDue reports whether the chore was not done within a time before now.
func (s *schedule) isDue(now time.Time, every time.Duration) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.last.IsZero() || now.Sub(s.last).Abs() >= every
}

// done notes that the chore was done, once that is committed.
func (s *schedule) done(now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last = now
}

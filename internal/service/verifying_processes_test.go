package service_test

import (
	"bufio"
	"bytes"
	"encoding/gob"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const (
	verifiers     = 3
	regenerations = 100
	// verifiedGrace is shorter than the longest and longer than the shortest time between two regenerations, so that some
	// secrets end by the clock and some by the next regeneration but one.
	verifiedGrace = time.Second
	longestPause  = 1200 * time.Millisecond
	// watchedValues is how many of the latest values a verifier asks about in turn: the next one, the current one, the one
	// before it, and one that has ended.
	watchedValues = 4
)

// observation is one answer about a value, with the times before and after it in nanoseconds since 1970.
type observation struct {
	Value         int
	Active        bool
	Before, After int64
}

// verifier is one of several processes that verify values in a tight loop. It reads the values from standard input,
// asks about the latest ones until the input ends, and writes all answers to standard output.
func verifier() int {
	b := service.Open(service.Options{Database: os.Args[1], Now: time.Now}).As(tokens.AsDatabaseOwner("local:verifier"))
	lines := make(chan string)
	go func() {
		defer close(lines)
		for input := bufio.NewScanner(os.Stdin); input.Scan(); {
			lines <- input.Text()
		}
	}()
	var values []tokens.Secret
	var all []observation
	for {
		select {
		case line, ok := <-lines:
			if !ok {
				return report(b, all)
			}
			value, err := tokens.ParseSecret(line)
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
			values = append(values, value)
		default:
		}
		for i := max(0, len(values)-watchedValues); i < len(values); i++ {
			o := observation{Value: i, Before: time.Now().UnixNano()}
			v, err := b.VerifySecret(background, values[i], tokens.VerifyOptions{RecordUse: true})
			if err != nil {
				fmt.Fprintln(os.Stderr, err)
				return 1
			}
			o.Active, o.After = v.Active, time.Now().UnixNano()
			all = append(all, o)
		}
	}
}

func report(b *service.Backend, all []observation) int {
	err := gob.NewEncoder(os.Stdout).Encode(all)
	if closeErr := b.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// lifetime is when a value was active, as far as the caller of the regenerations can know: a call takes effect at some
// time before it returns.
type lifetime struct {
	earliestStart, latestStart time.Time
	// Zero while nothing ends it.
	earliestEnd, latestEnd time.Time
}

// endsBetween notes that something ends the value, unless something else did before.
func (l *lifetime) endsBetween(earliest, latest time.Time) {
	if l.earliestEnd.IsZero() || earliest.Before(l.earliestEnd) {
		l.earliestEnd = earliest
	}
	if l.latestEnd.IsZero() || latest.Before(l.latestEnd) {
		l.latestEnd = latest
	}
}

// contradicts reports whether an answer can't be right.
func (l *lifetime) contradicts(o observation) bool {
	before, after := time.Unix(0, o.Before), time.Unix(0, o.After)
	if o.Active {
		return after.Before(l.earliestStart) || !l.latestEnd.IsZero() && before.After(l.latestEnd)
	}
	return before.After(l.latestStart) && (l.earliestEnd.IsZero() || after.Before(l.earliestEnd))
}

// Several processes verify old and new values in a tight loop during many regenerations with a grace period. No active
// value is ever refused, and no ended one is ever accepted.
func TestVerifyThroughRegenerations(t *testing.T) {
	if testing.Short() {
		t.Skip("it waits for graces to end by the clock")
	}
	database := filepath.Join(t.TempDir(), "latchkey.db")
	b := open(t, database, time.Now)
	request := newRequest(t, "deploy", "")
	request.Grace = tokens.Grace{Duration: time.Second} // which each regeneration below replaces
	lives := []*lifetime{{earliestStart: time.Now()}}
	created, err := b.CreateAccessToken(background, request)
	if err != nil {
		t.Fatal(err)
	}
	lives[0].latestStart = time.Now()

	all := make([]*verifyingProcess, verifiers)
	for i := range all {
		all[i] = startVerifier(t, database)
		all[i].tell(t, request.Secret)
	}
	for n := range regenerations {
		pause := time.Duration(rand.Int64N(int64(longestPause / 10)))
		if n%10 == 5 {
			pause = longestPause
		}
		time.Sleep(pause) // the pace of the regenerations
		grace := tokens.Grace{}
		if n%10 != 9 { // and sometimes none
			grace.Duration = verifiedGrace
		}
		next := newRequest(t, "", "").NewSecretFor
		for _, p := range all {
			p.tell(t, next.Secret)
		}
		life := &lifetime{earliestStart: time.Now()}
		token, err := b.UpdateAccessToken(background, created.ID, tokens.AccessTokenUpdate{
			Regeneration: &tokens.Regeneration{
				NewSecretFor: next, Reason: tokens.ReasonSchedule, Grace: &grace},
		})
		if err != nil {
			t.Fatal(err)
		}
		life.latestStart = time.Now()
		last := lives[len(lives)-1]
		if token.Previous == nil {
			last.endsBetween(life.earliestStart, life.latestStart)
		} else {
			// The backend's times are in whole microseconds.
			last.endsBetween(token.Previous.EndsAt, token.Previous.EndsAt.Add(time.Microsecond))
		}
		if len(lives) > 1 {
			lives[len(lives)-2].endsBetween(life.earliestStart, life.latestStart)
		}
		lives = append(lives, life)
	}
	time.Sleep(longestPause) // the verifiers must see the last grace period end

	observed, active := 0, 0
	for _, p := range all {
		for _, o := range p.finish(t) {
			observed++
			if o.Active {
				active++
			}
			if lives[o.Value].contradicts(o) {
				t.Errorf("the answer %+v is wrong for a value that lived so: %+v", o, lives[o.Value])
			}
		}
	}
	t.Logf("%d processes verified %d times, %d of them with a good value", verifiers, observed, active)
	if active == 0 || active == observed || observed < 100*verifiers*watchedValues {
		t.Errorf("%d of %d values were good: the processes did not see enough", active, observed)
	}
}

// verifyingProcess is a verifier that runs.
type verifyingProcess struct {
	*exec.Cmd
	values io.WriteCloser
	output bytes.Buffer
	errors bytes.Buffer
}

// startVerifier starts a verifier.
func startVerifier(t *testing.T, database string) *verifyingProcess {
	t.Helper()
	p := &verifyingProcess{Cmd: inRole(t, "verifier", database)}
	p.Stdout, p.Stderr = &p.output, &p.errors
	var err error
	if p.values, err = p.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	return p
}

// tell makes a verifier ask about a value.
func (p *verifyingProcess) tell(t *testing.T, value tokens.Secret) {
	t.Helper()
	if _, err := io.WriteString(p.values, value.Reveal()+"\n"); err != nil {
		t.Fatalf("%v: %s", err, &p.errors)
	}
}

// finish ends a verifier and returns what it was answered.
func (p *verifyingProcess) finish(t *testing.T) (all []observation) {
	t.Helper()
	if err := p.values.Close(); err != nil {
		t.Fatal(err)
	}
	if err := p.Wait(); err != nil {
		t.Fatalf("a verifier: %v: %s", err, &p.errors)
	}
	if err := gob.NewDecoder(&p.output).Decode(&all); err != nil {
		t.Fatal(err)
	}
	return all
}

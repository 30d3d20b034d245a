package managed

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const (
	// patience is how long an operation waits in all for a conflict to pass.
	patience = 5 * time.Second
	// lull is for how long no operation begins or ends before those that wait are taken for all that goes on. Between the
	// end of one operation and the beginning of the next, Terraform evaluates expressions and writes the state.
	lull = 500 * time.Millisecond
)

// run is what goes on in one run of Terraform in this process. Terraform destroys, renames and creates side by side, as
// far as the configuration tells it of no order. So an operation that meets a conflict waits for another one that may
// be about to resolve it. When all wait, one gives way, so that Terraform can begin what the others wait for.
type run struct {
	mu sync.Mutex
	// operations counts those that go on, and waiting are those of them that have met a conflict, by age.
	operations int
	waiting    []*operation
	// moved is closed when an operation begins or ends.
	moved chan struct{}
	// met holds the identifiers of the objects of the state that the run has come upon.
	met map[string]bool
	// imported holds those that the run imports.
	imported map[string]bool
	// wants says of objects which other one has the name that they are to have.
	wants map[string]string
}

// operation is the creation, update or deletion of one object.
type operation struct {
	id string // of the object; empty if it is created
	// holder is the object that has what this one asks for, or that is still inside, where one is known.
	holder string
}

// Change carries out an operation that changes an object; its identifier is empty if the operation creates it. It
// repeats the attempt while that meets a conflict which may pass.
func Change[T any](
	ctx context.Context, c *Connection, id string, attempt func(context.Context) (T, error),
) (result T, err error) {
	op := &operation{id: id}
	c.run.begin(op)
	defer c.run.end(op)
	var late <-chan time.Time
	for {
		moved := c.run.movement() // before the attempt, so that none is missed
		result, err = attempt(tokens.Tentatively(ctx))
		if !tokens.MayPass(err) {
			c.run.forget(op)
			return result, err
		}
		if late == nil {
			late = time.After(patience)
		}
		if !c.run.wait(ctx, op, err, moved, late) {
			break
		}
	}
	// The last attempt leaves an event if it is refused, even if Terraform was told to stop in the meantime.
	if result, err = attempt(context.WithoutCancel(ctx)); !tokens.MayPass(err) {
		c.run.forget(op)
		return result, err
	}
	return result, c.run.explained(op, err)
}

func (r *run) begin(op *operation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.operations++
	r.meet(op.id)
	r.move()
}

func (r *run) end(op *operation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.operations--
	r.leave(op)
	r.move()
}

// move wakes those that wait.
func (r *run) move() {
	if r.moved != nil {
		close(r.moved)
	}
	r.moved = make(chan struct{})
}

// movement returns a channel that is closed when an operation begins or ends.
func (r *run) movement() <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.moved
}

// HasMet reports whether the run has come upon an object, and so knows that it belongs to the state.
func (c *Connection) HasMet(id string) bool {
	c.run.mu.Lock()
	defer c.run.mu.Unlock()
	return c.run.met[id]
}

// imports takes down that the run imports an object, and reports whether it had come upon that one before.
func (r *run) imports(id string) (known bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	known = r.met[id]
	r.meet(id)
	if r.imported == nil {
		r.imported = map[string]bool{}
	}
	r.imported[id] = true
	return known
}

// Meet takes down that an object belongs to the state, and reports whether the run imports it to another address.
func (c *Connection) Meet(id string) (isImported bool) {
	c.run.mu.Lock()
	defer c.run.mu.Unlock()
	c.run.meet(id)
	return c.run.imported[id]
}

// meet is meets for one who has the lock.
func (r *run) meet(id string) {
	if id == "" {
		return
	}
	if r.met == nil {
		r.met, r.wants = map[string]bool{}, map[string]string{}
	}
	r.met[id] = true
}

func (r *run) leave(op *operation) {
	r.waiting = slices.DeleteFunc(r.waiting, func(other *operation) bool { return other == op })
}

// forget takes down that an object no longer wants what another one has.
func (r *run) forget(op *operation) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.wants, op.id)
}

// wait waits until it is worth trying again, and reports false if the operation is to give way.
func (r *run) wait(ctx context.Context, op *operation, err error, moved <-chan struct{}, late <-chan time.Time) bool {
	r.mu.Lock()
	if conflict, ok := errors.AsType[*tokens.Error](err); ok {
		op.holder = conflict.Holder.ID
		if conflict.Reason == tokens.ReasonNameTaken && op.id != "" {
			r.wants[op.id] = op.holder
		}
	}
	if !slices.Contains(r.waiting, op) {
		r.waiting = append(r.waiting, op)
	}
	r.mu.Unlock()
	quiet := time.NewTimer(lull)
	defer quiet.Stop()
	select {
	case <-moved:
		return true
	case <-quiet.C:
		return !r.givesWay(op, moved)
	case <-late:
	case <-ctx.Done():
	}
	return false
}

// givesWay reports whether the operation is the one to give way: everything waits, nothing has moved, and nothing waits
// for this one's object. Of several it is the one that waits for the shortest time.
func (r *run) givesWay(op *operation, moved <-chan struct{}) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.operations > len(r.waiting) || r.moved != moved {
		return false
	}
	last := r.waiting[len(r.waiting)-1]
	for _, candidate := range slices.Backward(r.waiting) {
		if candidate.id == "" || !slices.ContainsFunc(r.waiting, func(other *operation) bool {
			return other.holder == candidate.id
		}) {
			last = candidate
			break
		}
	}
	if last != op {
		return false
	}
	r.leave(op)
	return true
}

// explained adds to a conflict that did not pass what the run knows of the way out.
func (r *run) explained(op *operation, err error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	conflict := diagnostics.ContestedError{Err: err, Changed: op.id != ""}
	if e, ok := errors.AsType[*tokens.Error](err); ok {
		conflict.Managed = r.met[e.Holder.ID]
		if ring := r.ring(op.id); len(ring) > 1 {
			conflict.Ring = ring
		}
	}
	return conflict
}

// ring returns the objects that want each other's names, beginning with this one; empty if there is no such ring.
func (r *run) ring(id string) []string {
	ring := []string{id}
	for next := r.wants[id]; next != "" && len(ring) <= len(r.wants); next = r.wants[next] {
		if next == id {
			return ring
		}
		ring = append(ring, next)
	}
	return nil
}

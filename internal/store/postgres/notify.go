package postgres

import (
	"context"
	"database/sql"
	"fmt"
	"hash/fnv"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// notifyPause is how long after a notification the next one is sent at the earliest. It tells of all changes since: each
	// notification takes a lock for which those of all programs wait.
	notifyPause = 10 * time.Millisecond
	// notifyPatience is how long one may take. Whoever hears of no change finds it nevertheless.
	notifyPatience = 500 * time.Millisecond
)

// The words with which the notifications of a channel begin.
const (
	changeNotified = "change "
	testNotified   = "test "
)

// channel is the channel of PostgreSQL on which the changes of a schema are notified.
func (s server) channel() string {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(s.schema))
	return fmt.Sprintf("latchkey_%016x", sum.Sum64())
}

// notify sends a notification. It is a transaction of its own: with that of a change, NOTIFY would have all of them wait for
// each other until each is on the disk. This one need not be.
func (s server) notify(ctx context.Context, db *sql.DB, text string) error {
	ctx, cancel := context.WithTimeout(ctx, notifyPatience)
	defer cancel()
	_, err := db.ExecContext(ctx, fmt.Sprintf(`BEGIN; SET LOCAL synchronous_commit = off; NOTIFY %s, '%s'; COMMIT`,
		s.channel(), text), pgx.QueryExecModeSimpleProtocol)
	return err
}

// notifier tells all nodes of the changes that this program committed, beside whoever made them.
type notifier struct {
	server
	db *sql.DB

	mu sync.Mutex
	// newest is the serial of the newest change to be told of; 0 for none.
	newest int64
	// atWork is not nil while there is something to tell, and closed when there is not.
	atWork chan struct{}
	closed chan struct{}
}

func newNotifier(s server, db *sql.DB) *notifier {
	return &notifier{server: s, db: db, closed: make(chan struct{})}
}

// changed tells of a change that was committed. It does not wait for that.
func (n *notifier) changed(serial int64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.newest = max(n.newest, serial)
	if n.atWork == nil {
		n.atWork = make(chan struct{})
		go n.work()
	}
}

// work sends notifications until there is nothing to tell.
func (n *notifier) work() {
	for {
		n.mu.Lock()
		serial := n.newest
		n.newest = 0
		if serial == 0 {
			close(n.atWork)
			n.atWork = nil
			n.mu.Unlock()
			return
		}
		n.mu.Unlock()
		// A lost one is noticed by those who would have heard it.
		_ = n.notify(context.Background(), n.db, changeNotified+strconv.FormatInt(serial, 10))
		select {
		case <-n.closed:
		case <-time.After(notifyPause):
		}
	}
}

// close waits until all is told. No change may come after it.
func (n *notifier) close() {
	close(n.closed)
	n.mu.Lock()
	atWork := n.atWork
	n.mu.Unlock()
	if atWork != nil {
		<-atWork
	}
}

// notified returns the serial of which a notification tells, or the text of a test.
func notified(payload string) (serial int64, test string) {
	if text, ok := strings.CutPrefix(payload, changeNotified); ok {
		serial, _ = strconv.ParseInt(text, 10, 64) // 0 for what none of ours sent
		return serial, ""
	}
	test, _ = strings.CutPrefix(payload, testNotified)
	return 0, test
}

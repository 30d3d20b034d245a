//go:build linux

package serverbench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// owner is the owner of the databases.
var owner = tokens.AsDatabaseOwner("local:benchmark@host")

// changesTask are changes of a database.
type changesTask struct {
	Database string
	// PerSecond is how many changes begin in a second, if the database keeps up.
	PerSecond int
}

// changesResult is how long changes took.
type changesResult struct {
	Changes              int
	Took                 time.Duration
	Median, P99, Longest time.Duration
}

func (r changesResult) String() string {
	return fmt.Sprintf("%.1f per second, median %s, p99 %s, longest %s", float64(r.Changes)/r.Took.Seconds(), r.Median,
		r.P99, r.Longest)
}

// makeChanges changes a database until standard input ends. It says when it begins, and at the end how long the changes
// took.
func makeChanges(task *json.Decoder, result *json.Encoder) error {
	var t changesTask
	if err := task.Decode(&t); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		defer stop()
		for task.Decode(new(struct{})) == nil { // until the parent closes standard input
		}
	}()
	s := service.Open(service.Options{Database: t.Database, Now: time.Now})
	c := changer{backend: s.As(owner)}
	page, err := c.backend.AccessTokens(ctx, tokens.TokenQuery{Limit: 1000})
	if err != nil {
		return err
	}
	c.tokens = page.AccessTokens
	if err := result.Encode("ready"); err != nil {
		return err
	}
	begin := time.Now()
	due := time.NewTicker(time.Second / time.Duration(t.PerSecond))
	defer due.Stop()
	var taken []time.Duration
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			continue
		case <-due.C:
		}
		before := time.Now()
		if err := c.change(context.Background(), len(taken)); err != nil {
			return err
		}
		taken = append(taken, time.Since(before))
	}
	if len(taken) == 0 {
		return errors.New("there was no time for a change")
	}
	r := changesResult{Changes: len(taken), Took: time.Since(begin)}
	slices.Sort(taken)
	r.Median, r.P99, r.Longest = taken[len(taken)/2], taken[len(taken)*99/100], taken[len(taken)-1]
	return errors.Join(result.Encode(r), s.Close())
}

// changer changes tokens that a load may present, so that these stay good.
type changer struct {
	backend *service.Backend
	tokens  []tokens.AccessToken
}

// change makes a change: of ten changes, six edit a token, two create one, and two edit a technical user.
func (c *changer) change(ctx context.Context, number int) error {
	one := c.tokens[rand.IntN(len(c.tokens))]
	text := fmt.Sprintf("change %d", number)
	switch number % 10 {
	case 3, 7:
		secret, err := tokens.NewSecret(tokens.DefaultPrefix)
		if err != nil {
			return err
		}
		_, err = c.backend.CreateAccessToken(ctx, tokens.NewAccessToken{
			NewSecretFor:    tokens.NewSecretFor{Request: tokens.NewRequest(time.Now()), Secret: secret},
			TechnicalUserID: one.User.ID, Settings: tokens.Settings{Name: text, Enabled: true},
		})
		return err
	case 5, 9:
		_, err := c.backend.UpdateTechnicalUser(ctx, one.User.ID, tokens.TechnicalUserUpdate{
			Settings: tokens.TechnicalUserSettings{Description: text}, Fields: tokens.Fields{"description"},
		})
		return err
	default:
		_, err := c.backend.UpdateAccessToken(ctx, one.ID, tokens.AccessTokenUpdate{
			Settings: tokens.Settings{Description: text}, Fields: tokens.Fields{"description"},
		})
		return err
	}
}

// whileChanging measures something while another process makes changes, and returns how long these took.
func whileChanging(p *process, measure func()) changesResult {
	p.b.Helper()
	result[string](p)
	measure()
	if err := p.input.Close(); err != nil && !errors.Is(err, io.ErrClosedPipe) {
		p.b.Fatal(err)
	}
	return result[changesResult](p)
}

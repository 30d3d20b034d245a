//go:build unix

package service_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store/postgres/pgtest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// BenchmarkStoredOnPostgreSQL compares what a first page, a verification and a creation take with 1,000,000 tokens stored in
// PostgreSQL with what they take with 10,000. Each should take at most twice as long.
func BenchmarkStoredOnPostgreSQL(b *testing.B) {
	s := pgtest.New(b)
	counts := []int{10_000, 1_000_000}
	var backends []*service.Backend
	var users []string
	for _, count := range counts {
		backend := open(b, s.Address(fmt.Sprintf("stored_%d", count)), time.Now)
		users = append(users, makeUser(b, backend).ID)
		pgtest.StoreTokens(b, s.Address(fmt.Sprintf("stored_%d", count)), count)
		backends = append(backends, backend)
	}
	operations := map[string]func(i int) error{
		"page": func(i int) error {
			_, err := backends[i].AccessTokens(background, tokens.TokenQuery{Limit: 50})
			return err
		},
		"verify": func(i int) error {
			secret, _ := tokens.PresentedSecret(pgtest.StoredValue(1 + rand.IntN(counts[i])))
			v, err := backends[i].VerifySecret(background, secret, tokens.VerifyOptions{})
			if err == nil && !v.Active {
				err = fmt.Errorf("a value is not active")
			}
			return err
		},
		"create": func(i int) error {
			_, err := backends[i].CreateAccessToken(background, newRequest(b, fmt.Sprintf("new %d", time.Now().UnixNano()), users[i]))
			return err
		},
	}
	for b.Loop() {
		for name, operation := range operations {
			const rounds, warm = 200, 20
			var took [2][]time.Duration
			for round := range rounds + warm {
				for i := range counts {
					begin := time.Now()
					if err := operation(i); err != nil {
						b.Fatal(name, err)
					}
					if round >= warm {
						took[i] = append(took[i], time.Since(begin))
					}
				}
			}
			slices.Sort(took[0])
			slices.Sort(took[1])
			few, many := took[0][rounds/2], took[1][rounds/2]
			b.ReportMetric(many.Seconds()/few.Seconds(), name+"-ratio")
			b.Logf("%s: %s with 1,000,000 tokens, %s with 10,000: %.2f times (at most 2)", name, many, few, many.Seconds()/few.Seconds())
		}
	}
}

// BenchmarkCreationsOnPostgreSQL measures how many tokens clients create in a second, of whom up to 8 share a service.
func BenchmarkCreationsOnPostgreSQL(b *testing.B) {
	s := pgtest.New(b)
	for _, clients := range []int{1, 8, 32} {
		b.Run(fmt.Sprintf("clients=%d", clients), func(b *testing.B) {
			address := s.Address(fmt.Sprintf("creations_%d", clients))
			user := makeUser(b, open(b, address, time.Now)).ID
			var done atomic.Int64
			for b.Loop() {
				end := time.Now().Add(4 * time.Second)
				done.Store(0)
				var wg sync.WaitGroup
				var backend *service.Backend
				for client := range clients {
					if client%8 == 0 {
						backend = open(b, address, time.Now)
					}
					mine := backend
					wg.Go(func() {
						for i := 0; time.Now().Before(end); i++ {
							if _, err := mine.CreateAccessToken(background, newRequest(b, fmt.Sprintf("%d of %d", i, client), user)); err != nil {
								b.Error(err)
								return
							}
							done.Add(1)
						}
					})
				}
				wg.Wait()
				b.ReportMetric(float64(done.Load())/4, "creations/s")
			}
		})
	}
}

// makeUser makes a technical user.
func makeUser(t testing.TB, b *service.Backend) tokens.TechnicalUser {
	t.Helper()
	user, err := b.CreateTechnicalUser(background, tokens.NewTechnicalUser{
		Request: tokens.NewRequest(time.Now()),
		TechnicalUserSettings: tokens.TechnicalUserSettings{
			Name: "robots", Grants: tokens.Grants{Role: tokens.RoleMember}, Enabled: true,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return user
}

package service_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// benchmarkTokens is how many tokens there are before a benchmark begins.
const benchmarkTokens = 10_000

// filled returns a backend with many tokens under one technical user, and the values of some.
func filled(b *testing.B) (*service.Backend, string, []tokens.Secret) {
	b.Helper()
	backend := open(b, filepath.Join(b.TempDir(), "latchkey.db"), time.Now)
	user, err := backend.CreateTechnicalUser(background, tokens.NewTechnicalUser{
		Request: tokens.NewRequest(time.Now()),
		TechnicalUserSettings: tokens.TechnicalUserSettings{
			Name:    "ci",
			Grants:  tokens.Grants{Role: tokens.RoleMember},
			Enabled: true,
		},
	})
	if err != nil {
		b.Fatal(err)
	}
	var secrets []tokens.Secret
	for i := range benchmarkTokens {
		request := newRequest(b, fmt.Sprintf("token %d", i), user.ID)
		if _, err := backend.CreateAccessToken(background, request); err != nil {
			b.Fatal(err)
		}
		if i%100 == 0 {
			secrets = append(secrets, request.Secret)
		}
	}
	return backend, user.ID, secrets
}

func BenchmarkIssue(b *testing.B) {
	backend, user, _ := filled(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if _, err := backend.CreateAccessToken(background, newRequest(b, fmt.Sprintf("another %d", i), user)); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerify(b *testing.B) {
	backend, _, secrets := filled(b)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		v, err := backend.VerifySecret(background, secrets[i%len(secrets)], tokens.VerifyOptions{RecordUse: true})
		if err != nil || !v.Active {
			b.Fatal(v.Active, err)
		}
	}
}

func BenchmarkList(b *testing.B) {
	backend, _, _ := filled(b)
	for _, query := range []tokens.TokenQuery{{}, {Sort: tokens.ColumnName, Search: "token"}} {
		b.Run("sort="+string(query.Sort), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				all, err := backend.AccessTokens(background, query)
				if err != nil || len(all.AccessTokens) != benchmarkTokens {
					b.Fatal(len(all.AccessTokens), err)
				}
			}
		})
	}
}

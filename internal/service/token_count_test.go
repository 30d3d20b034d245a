package service_test

import (
	"fmt"
	"math/rand"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// The database counts tokens as the rule sorts them.
func TestCountTokens(t *testing.T) {
	for seed := range int64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			s := openOrganization(t, randomOrganization(rand.New(rand.NewSource(seed))))
			owner := s.As(anna)
			list, err := owner.AccessTokens(background, tokens.TokenQuery{Ephemeral: true})
			if err != nil {
				t.Fatal(err)
			}
			members, err := owner.Members(background)
			if err != nil {
				t.Fatal(err)
			}
			all, personal := list.AccessTokens, 0
			for _, m := range members {
				list, err := owner.AccessTokens(background, tokens.TokenQuery{MemberID: m.ID})
				if err != nil {
					t.Fatal(err)
				}
				all, personal = append(all, list.AccessTokens...), personal+len(list.AccessTokens)
			}
			want := map[tokens.Status]int64{}
			for _, status := range tokens.Statuses() {
				want[status] = 0
			}
			for _, token := range all {
				want[token.Status]++
			}
			got, err := s.CountTokens(background)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if want[tokens.StatusActive] == 0 || want[tokens.StatusHeld] == 0 || personal == 0 {
				t.Errorf("there is nothing to count: %v", want)
			}
		})
	}
}

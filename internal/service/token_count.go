package service

import (
	"context"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// CountTokens returns how many access tokens have each status, for whoever watches over the service. It takes a look at
// each token: a second or two for a million. CodeUnavailable.
func (s *Service) CountTokens(ctx context.Context) (map[tokens.Status]int64, error) {
	return readBy(ctx, s, (*store.Store).ReadToVerify, func(v store.View) (map[tokens.Status]int64, error) {
		now := s.now()
		all, err := v.AlikeTokens(ctx, now)
		if err != nil {
			return nil, err
		}
		counts := map[tokens.Status]int64{}
		for _, status := range tokens.Statuses() {
			counts[status] = 0
		}
		for _, alike := range all {
			counts[alike.Like.StatusAt(now)] += alike.Number
		}
		return counts, nil
	})
}

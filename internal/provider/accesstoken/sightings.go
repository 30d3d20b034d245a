package accesstoken

import (
	"sync"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// sightings are the access tokens that a run has come upon, as far as a later plan of the same run needs them. If
// Terraform itself decides to replace a token (-replace, replace_triggered_by, taint), it plans the new one as a creation,
// which says nothing of the token that it takes the place of.
type sightings struct {
	mu sync.Mutex
	// expired are tokens whose expires_at had passed, as the state has them and as they were to be.
	expired []model
	// ofUser are the tokens of technical users that the system created, by the identifier of the user.
	ofUser map[string]diagnostics.Subject
}

// sightings returns those of the run.
func (r *tokenResource) sightings() *sightings {
	held, _ := r.Notes.LoadOrStore(TypeName, &sightings{ofUser: map[string]diagnostics.Subject{}})
	seen, _ := held.(*sightings) // nothing else is kept under this key
	return seen
}

// sees keeps in mind a token that exists.
func (r *tokenResource) sees(m *model, f tokenFacts) {
	expired := tokens.ValidateNewExpiry(m.ExpiresAt.Value(), r.Now()) != nil
	if !expired && !f.SystemUser {
		return
	}
	seen := r.sightings()
	seen.mu.Lock()
	defer seen.mu.Unlock()
	if expired {
		seen.expired = append(seen.expired, *m)
	}
	if f.SystemUser {
		seen.ofUser[m.TechnicalUserID.ValueString()] = m.subject()
	}
}

// replaces returns the token that has the settings of a new one, or that had the technical user that the system created
// for it and that the new one names; nil if the run has not come upon any.
func (s *sightings) replaces(plan *model) (expired, ofUser *diagnostics.Subject) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.expired {
		if codec.AllAsIn(*plan, m) {
			subject := m.subject()
			expired = &subject
			break
		}
	}
	if token, ok := s.ofUser[plan.TechnicalUserID.ValueString()]; ok && token.Name == plan.Name.ValueString() {
		ofUser = &token
	}
	return expired, ofUser
}

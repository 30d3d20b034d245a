package accesstoken

import (
	"slices"
	"sync"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// sightings are the access tokens that a run has come upon, as far as a later plan of the same run needs them. If
// Terraform itself decides to replace a token (-replace, replace_triggered_by, taint), it plans the new one as a creation,
// which says nothing of the token that it takes the place of.
type sightings struct {
	mu sync.Mutex
	// expired are tokens whose expires_at had passed, by their identifiers: as the state has each and as it was to be.
	expired map[string][]model
	// brought are tokens whose secrets people bring, by their identifiers.
	brought map[string]diagnostics.Subject
	// taking are new tokens for which people bring a value that a token has or had, by the identifier of that one.
	taking map[string]diagnostics.Subject
	// ofUser are the tokens of technical users that the system created, by the identifier of the user.
	ofUser map[string]diagnostics.Subject
}

// sightings returns those of the run.
func (r *tokenResource) sightings() *sightings {
	held, _ := r.Notes.LoadOrStore(TypeName, &sightings{
		expired: map[string][]model{}, brought: map[string]diagnostics.Subject{}, taking: map[string]diagnostics.Subject{},
		ofUser: map[string]diagnostics.Subject{},
	})
	seen, _ := held.(*sightings) // nothing else is kept under this key
	return seen
}

// sees keeps in mind a token that exists, as the state has it.
func (r *tokenResource) sees(state *model, f tokenFacts) {
	r.seesEnd(state)
	r.seesBrought(state)
	if !f.SystemUser || !attribute.IsGiven(state.TechnicalUserID) {
		return
	}
	seen := r.sightings()
	seen.mu.Lock()
	defer seen.mu.Unlock()
	seen.ofUser[state.TechnicalUserID.ValueString()] = state.subject()
}

// seesBrought keeps in mind a token that exists, if people bring its secrets, and returns the new one that takes its value, if
// there is one.
func (r *tokenResource) seesBrought(state *model) (taker diagnostics.Subject, ok bool) {
	if !state.bringsSecrets() {
		return taker, false
	}
	seen, id := r.sightings(), state.ID.ValueString()
	seen.mu.Lock()
	defer seen.mu.Unlock()
	seen.brought[id] = state.subject()
	taker, ok = seen.taking[id]
	return taker, ok
}

// seesEnd keeps in mind a token that exists, as the state has it or as it is to be, if its end has passed.
func (r *tokenResource) seesEnd(m *model) {
	if tokens.ValidateNewExpiry(m.ExpiresAt.Value(), r.Now()) == nil {
		return
	}
	seen, id := r.sightings(), m.ID.ValueString()
	seen.mu.Lock()
	defer seen.mu.Unlock()
	if !slices.ContainsFunc(seen.expired[id], func(other model) bool { return codec.Equal(*m, other) }) {
		seen.expired[id] = append(seen.expired[id], *m)
	}
}

// expiredBefore returns the token whose settings a new one has, of those whose end had passed.
func (s *sightings) expiredBefore(plan *model) (diagnostics.Subject, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seen := range s.expired {
		if slices.ContainsFunc(seen, func(m model) bool { return codec.AllAsIn(*plan, m) }) {
			return seen[0].subject(), true
		}
	}
	return diagnostics.Subject{}, false
}

// seesTaking keeps in mind a new token for which people bring the value of the one with an identifier, and returns that one if it
// is known here.
func (s *sightings) seesTaking(id string, taker diagnostics.Subject) (old diagnostics.Subject, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taking[id] = taker
	old, ok = s.brought[id]
	return old, ok
}

// broughtFor returns the tokens of the same name as a new one whose secrets people bring.
func (s *sightings) broughtFor(plan *model) (old []diagnostics.Subject) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, token := range s.brought {
		if token.Name == plan.Name.ValueString() {
			old = append(old, token)
		}
	}
	return old
}

// ownerOfUser returns the token of the same name for which the system created the technical user that a new one names.
func (s *sightings) ownerOfUser(plan *model) (diagnostics.Subject, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, ok := s.ofUser[plan.TechnicalUserID.ValueString()]
	return token, ok && token.Name == plan.Name.ValueString()
}

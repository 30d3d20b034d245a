package tokens

import (
	"slices"
	"strings"
	"time"
)

// The roles of a share. Each allows what the one before it does, and more.
const (
	// ShareViewer may read the token.
	ShareViewer = "viewer"
	// ShareEditor may also change its name, description, expiry and policies, unless that widens what the token may do or
	// stops it.
	ShareEditor = "editor"
	// ShareManager may also do everything else with it. A new secret takes what the token may do, too.
	ShareManager = "manager"
)

// ShareRoles returns the roles of a share, from the least to the most powerful.
func ShareRoles() []string { return []string{ShareViewer, ShareEditor, ShareManager} }

// TokenShare is the role of a member on one access token. There is at most one for a token and a member.
type TokenShare struct {
	AccessTokenID string
	MemberID      string
	Role          string
	CreatedAt     time.Time
	UpdatedAt     time.Time
}

// ID returns <token id>/<member id>.
func (s TokenShare) ID() string { return ShareID(s.AccessTokenID, s.MemberID) }

// ShareID returns the identifier of the share of a token with a member.
func ShareID(tokenID, memberID string) string { return tokenID + "/" + memberID }

// ParseShareID splits the identifier of a share.
func ParseShareID(field, id string) (tokenID, memberID string, err error) {
	tokenID, memberID, _ = strings.Cut(id, "/")
	if !IsID(KindAccessToken, tokenID) || !IsID(KindMember, memberID) {
		return "", "", Invalid(field,
			"%q is not the identifier of a token share: write <access token id>/<member id>, as in \"tok_…/mem_…\"", id)
	}
	return tokenID, memberID, nil
}

// NewTokenShare is the input for creating a share.
type NewTokenShare struct {
	Request
	AccessTokenID string
	MemberID      string
	Role          string
}

// Validate checks each field on its own.
func (n NewTokenShare) Validate() error {
	return firstError(
		n.Request.Validate(),
		ValidateID("access_token_id", KindAccessToken, n.AccessTokenID),
		ValidateID("member_id", KindMember, n.MemberID),
		ValidateShareRole("role", n.Role),
	)
}

// ValidateShareRole checks that a role of a share exists.
func ValidateShareRole(field, role string) error {
	if slices.Contains(ShareRoles(), role) {
		return nil
	}
	return Invalid(field, "there is no role %q for a share; the roles are %s", role, strings.Join(ShareRoles(), ", "))
}

// TokenShareQuery selects token shares; empty fields select any.
type TokenShareQuery struct {
	AccessTokenID string
	MemberID      string
}

// Validate checks the form of the identifiers.
func (q TokenShareQuery) Validate() error {
	if q.AccessTokenID != "" {
		if err := ValidateID("access_token_id", KindAccessToken, q.AccessTokenID); err != nil {
			return err
		}
	}
	if q.MemberID != "" {
		return ValidateID("member_id", KindMember, q.MemberID)
	}
	return nil
}

package httpapi

// Challenge says by which schemes clients are asked to authenticate. Both are accepted in any case.
type Challenge string

// The challenges.
const (
	ChallengeBearer Challenge = "bearer"
	ChallengeBasic  Challenge = "basic"
	ChallengeBoth   Challenge = "both"
)

// Challenges returns all challenges.
func Challenges() []Challenge { return []Challenge{ChallengeBearer, ChallengeBasic, ChallengeBoth} }

// The challenges of the two schemes, and what a good token gets that may not do what was asked: RFC 6750 section 3.
const (
	bearerChallenge   = `Bearer realm="latchkey", error="invalid_token"` //nolint:gosec // what a server asks for is no credential
	insufficientScope = `Bearer realm="latchkey", error="insufficient_scope"`
	basicChallenge    = `Basic realm="latchkey", charset="UTF-8"`
)

// unauthorized returns the challenges to a client without a good token: RFC 6750 section 3 and RFC 7617 section 2. They
// are the same for every cause, also where RFC 6750 would leave out the error, since the cause is nobody's business.
func (c Challenge) unauthorized() []string {
	switch c {
	case ChallengeBearer:
		return []string{bearerChallenge}
	case ChallengeBasic:
		return []string{basicChallenge}
	default:
		return []string{bearerChallenge, basicChallenge}
	}
}

package provider

import "github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"

// graceSpan measures grace periods.
type graceSpan struct{}

type (
	gracePeriodType = measuredType[graceSpan, tokens.Grace]
	gracePeriod     = measured[graceSpan, tokens.Grace]
)

func (graceSpan) parse(attribute, text string) (tokens.Grace, error) {
	return tokens.ParseGrace(attribute, text)
}
func (graceSpan) format(g tokens.Grace) string { return g.String() }
func (graceSpan) equal(a, b tokens.Grace) bool { return a == b }

// gracePeriodOf returns a grace period, or null for none.
func gracePeriodOf(g tokens.Grace) gracePeriod {
	if g == (tokens.Grace{}) {
		return measuredNull[graceSpan]()
	}
	return measuredOf[graceSpan](g)
}

// observedGracePeriod returns the prior value where it stands for the same grace: none can be written 0s, or not at all.
func observedGracePeriod(g tokens.Grace, prior gracePeriod) gracePeriod {
	if prior.value() == g {
		return prior
	}
	return gracePeriodOf(g)
}

// changedGracePeriod is the change to a grace where the plan differs from the state.
func changedGracePeriod(state, plan gracePeriod) (c tokens.Change[tokens.Grace]) {
	if plan.value() != state.value() {
		c = tokens.To(plan.value())
	}
	return c
}

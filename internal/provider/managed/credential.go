package managed

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// A run that works through a server asks by an access token, and refuses to take away from itself what that one needs:
// it would break off half-way, and no later run with the same token could mend what it left. On a file there is nothing
// to lose in this way.

// The steps that take something away; each completes "a plan that would …".
const (
	StepDestroy    = "destroy it"
	StepReplace    = "replace it"
	StepDisable    = "disable it"
	StepRegenerate = "regenerate it without a grace period"
	StepEnd        = "let it end within the hour"
	StepPutOff     = "let it begin later"
)

// credential is who a run works as at a server, once it has asked.
type credential struct {
	mu   sync.Mutex
	self *tokens.Self
}

// askWho returns who the run works as at a server; nobody on a file. Its identifiers stay the same throughout the run, and
// its roles are those of the first time unless it asks anew.
func (c *Connection) askWho(ctx context.Context, anew bool) (tokens.Self, error) {
	if c == nil || c.Backend == nil || !c.AtServer {
		return tokens.Self{}, nil
	}
	c.credential.mu.Lock()
	defer c.credential.mu.Unlock()
	if c.credential.self == nil || anew {
		self, err := c.Backend.Whoami(ctx)
		if err != nil {
			return tokens.Self{}, err
		}
		c.credential.self = &self
	}
	return *c.credential.self, nil
}

// RefuseOwn refuses a step at plan that would take from the run what its access token needs. Where the server can't say
// who asks, the plan says nothing: the apply looks again.
func (c *Connection) RefuseOwn(
	ctx context.Context, step string, s diagnostics.Subject, diags *diag.Diagnostics,
) {
	if step == "" {
		return
	}
	if self, err := c.askWho(ctx, false); err == nil {
		refuseOwn(self, step, s, diags)
	}
}

// RefusesOwn is RefuseOwn at apply, and reports whether the operation that the verb names must not go on. If Terraform
// itself decides on a replacement, the plan doesn't show that step to the provider.
func (c *Connection) RefusesOwn(
	ctx context.Context, verb, step string, s diagnostics.Subject, diags *diag.Diagnostics,
) bool {
	if step == "" {
		return false
	}
	self, err := c.askWho(ctx, s.Kind == tokens.KindRole)
	if err != nil {
		diags.Append(diagnostics.Failed(verb, s, err))
		return true
	}
	return refuseOwn(self, step, s, diags)
}

// OwnTokenID returns the identifier of the access token by which the run asks a server; empty on a file.
func (c *Connection) OwnTokenID(ctx context.Context) (string, error) {
	self, err := c.askWho(ctx, false)
	return self.AccessTokenID, err
}

// LeftOut is the diagnostic for the run's own access token, which was left out where others were held.
func LeftOut(s diagnostics.Subject) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Unable to hold what the run works with", fmt.Sprintf(
		"%s is the access token by which this run asks the server. It was left out, since the run would break off; the other "+
			"ones were seen to first.\n\nTo hold it too, run \"latchkey token hold %s --reason …\", or run this with another "+
			"access token, in token of the provider's configuration or in "+tokens.TokenVariable+".", s, s.ID))
}

// RefusesToRetire refuses to end the previous secret of the access token by which the run asks a server, where that secret
// is what it asks by, and reports whether the operation that the verb names must not go on.
func (c *Connection) RefusesToRetire(
	ctx context.Context, verb string, s diagnostics.Subject, diags *diag.Diagnostics,
) bool {
	self, err := c.askWho(ctx, false)
	if err == nil && s.ID != self.AccessTokenID {
		return false
	}
	isCurrent := false
	if err == nil {
		ctx = tokens.LookingFor(ctx, tokens.Purpose{Action: tokens.ActionAccessTokenRetirePrevious, ObjectID: s.ID})
		isCurrent, err = c.Backend.HasSecret(ctx, s.ID, c.Token)
	}
	switch {
	case err != nil:
		diags.Append(diagnostics.FailedAction(verb, s, err))
	case !isCurrent:
		diags.AddError("Unable to change what the run works with", fmt.Sprintf(
			"%s is the access token by which this run asks the server, and it asks by the previous secret, which this would end. "+
				"This run would break off.\n\nPut the new value in token of the provider's configuration or in "+
				tokens.TokenVariable+", and run this again; or run \"latchkey token retire-previous %s\" once nothing needs the "+
				"previous one.", s, s.ID))
	}
	return err != nil || !isCurrent
}

// refuseOwn adds the diagnostic for a step that would take away what an access token needs, and reports whether it would.
func refuseOwn(self tokens.Self, step string, s diagnostics.Subject, diags *diag.Diagnostics) bool {
	what := asWhat(self, s)
	effect := "This run would break off, and no later one could work with that access token"
	switch {
	case self.AccessTokenID == "":
		return false
	case what != "":
	case s.Kind == tokens.KindRole && slices.Contains(self.RoleNames(), s.Name):
		what = "a role by which the access token of this run may do what it does"
		effect = "Whoever holds the role has none in its place, and so this run, and every later one with that access token, " +
			"would be refused what the role permits"
	default:
		return false
	}
	diags.AddError("Unable to change what the run works with", fmt.Sprintf(
		"%s is %s, and this plan would %s. %s.\n\n%s", s, what, step, effect, outOfOwn(step, s)))
	return true
}

// asWhat says what an object is to a run that asks a server; empty where it is neither its access token nor the account of
// that.
func asWhat(self tokens.Self, s diagnostics.Subject) string {
	switch {
	case self.AccessTokenID == "":
		return ""
	case s.ID == self.AccessTokenID:
		return "the access token by which this run asks the server"
	case s.ID == self.AccountID:
		return "the account of the access token by which this run asks the server"
	}
	return ""
}

// outOfOwn says what to do in place of a step that would take away what the run works with.
func outOfOwn(step string, s diagnostics.Subject) string {
	out := "To go on, run this with another access token, in token of the provider's configuration or in " +
		tokens.TokenVariable + "."
	switch {
	case step == StepDestroy || step == StepReplace:
		out += " To leave it as it is and have Terraform stop managing it, use a removed block or terraform state rm."
	case s.ID == "" || s.Kind != tokens.KindAccessToken:
	case step == StepDisable:
		out += fmt.Sprintf(" To stop it at once in an incident, run \"latchkey token hold %s --reason …\".", s.ID)
	case step == StepRegenerate:
		out += " Or set grace_period, so that the present value stays valid until the runs have the new one."
	}
	return out
}

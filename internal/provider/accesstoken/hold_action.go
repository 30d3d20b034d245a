package accesstoken

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/action/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var (
	_ action.ActionWithConfigure      = (*holdAction)(nil)
	_ action.ActionWithModifyPlan     = (*holdAction)(nil)
	_ action.ActionWithValidateConfig = (*holdAction)(nil)
)

// holdAction holds access tokens in an incident. It may be repeated: what is held already is done.
type holdAction struct{ managed.Action }

// NewHoldAction returns the action that holds access tokens.
func NewHoldAction() action.Action { return &holdAction{} }

type holdModel struct {
	TechnicalUserID types.String `tfsdk:"technical_user_id"`
	GroupID         types.String `tfsdk:"group_id"`
	Search          types.String `tfsdk:"search"`
	AccessTokenIDs  types.Set    `tfsdk:"access_token_ids"`
	Reason          types.String `tfsdk:"reason"`
}

func (a *holdAction) Metadata(_ context.Context, _ action.MetadataRequest, resp *action.MetadataResponse) {
	resp.TypeName = "latchkey_hold_tokens"
}

func (a *holdAction) Schema(_ context.Context, _ action.SchemaRequest, resp *action.SchemaResponse) {
	filter := func(description string, rules ...validator.String) schema.StringAttribute {
		return schema.StringAttribute{Optional: true, MarkdownDescription: description, Validators: rules}
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Holds access tokens in an incident: from then on, each is refused, and no apply lifts that. A " +
			"person ends each hold with `latchkey token release`. Actions need Terraform 1.14 or later.\n\n" +
			"Write it down in time, and press the button by `terraform apply -invoke=action.latchkey_hold_tokens.NAME`, which " +
			"changes nothing else.\n\n" +
			"It holds the tokens that match `technical_user_id`, `group_id` and `search`, as far as they are set, whatever their " +
			"status; or those in `access_token_ids`. One of the four must be set. The filters select access tokens of technical " +
			"users alone, and only those that the run may see; name others, such as the personal tokens of a member, by " +
			"identifier.\n\n" +
			"A token that is held already counts as done. If one can't be held, or is not there although its identifier is named, " +
			"the others are held all the same, and the action fails in the end and names it. It also fails where it selects none. Through a server, it leaves out the access " +
			"token by which the run itself asks, and says how to hold that one.",
		Attributes: map[string]schema.Attribute{
			"technical_user_id": filter("Hold the tokens of the technical user with this identifier.",
				attribute.IDRule(tokens.KindTechnicalUser)),
			"group_id": filter("Hold the tokens of the group with this identifier.", attribute.IDRule(tokens.KindGroup)),
			"search": filter("Hold the tokens whose name, description or technical user (name or e-mail address) contains "+
				"this text, regardless of case.", attribute.Rule("a text to search for", validateSearch)),
			"access_token_ids": schema.SetAttribute{
				Optional:            true,
				ElementType:         types.StringType,
				MarkdownDescription: "Hold the tokens with these identifiers. Excludes the filters.",
				Validators:          []validator.Set{attribute.IDsRule(tokens.KindAccessToken)},
			},
			"reason": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "Why, for people who read it in plans and in the audit log. Up to 1,024 characters, and no " +
					"secrets.",
				Validators: []validator.String{attribute.Rule("1 to 1,024 printable characters", tokens.ValidateReason)},
			},
		},
	}
}

// validateSearch refuses a text that every token contains.
func validateSearch(field, value string) error {
	if strings.TrimSpace(value) == "" {
		return tokens.Invalid(field, "it is empty: name a text, or leave it out")
	}
	return nil
}

// ValidateConfig refuses a configuration that selects everything, or that selects in two ways.
func (a *holdAction) ValidateConfig(
	ctx context.Context, req action.ValidateConfigRequest, resp *action.ValidateConfigResponse,
) {
	var config holdModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	config.requireSelector(&resp.Diagnostics)
}

// ModifyPlan refuses what validation could not know yet.
func (a *holdAction) ModifyPlan(ctx context.Context, req action.ModifyPlanRequest, resp *action.ModifyPlanResponse) {
	var config holdModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	config.require(&resp.Diagnostics)
}

// requireSelector refuses a configuration without anything that selects, or with two ways to do it. What is unknown may
// turn out to be null.
func (m *holdModel) requireSelector(diags *diag.Diagnostics) {
	filters := []types.String{m.TechnicalUserID, m.GroupID, m.Search}
	mayBeSet := func(v types.String) bool { return !v.IsNull() }
	isSet := func(v types.String) bool { return attribute.IsGiven(v) }
	namesNone := !m.AccessTokenIDs.IsUnknown() && len(m.AccessTokenIDs.Elements()) == 0
	switch {
	case namesNone && !slices.ContainsFunc(filters, mayBeSet):
		diags.AddError("Unable to hold access tokens", "Nothing says which ones: set technical_user_id, group_id or search, or "+
			"name at least one in access_token_ids.")
	case attribute.IsGiven(m.AccessTokenIDs) && slices.ContainsFunc(filters, isSet):
		diags.Append(diagnostics.Excluded("access_token_ids", "it names the access tokens one by one, and technical_user_id, "+
			"group_id and search select them: set either this or those"))
	}
}

// require refuses what breaks a rule, as far as it is known.
func (m *holdModel) require(diags *diag.Diagnostics) {
	m.requireSelector(diags)
	attribute.RequireID("technical_user_id", m.TechnicalUserID, tokens.KindTechnicalUser, diags)
	attribute.RequireID("group_id", m.GroupID, tokens.KindGroup, diags)
	attribute.Require("search", m.Search, diags, validateSearch)
	attribute.RequireIDs("access_token_ids", m.AccessTokenIDs, tokens.KindAccessToken, diags)
	attribute.Require("reason", m.Reason, diags, tokens.ValidateReason)
}

// selected returns the access tokens to hold. Of those that are named by identifier, nothing else is known.
func (m *holdModel) selected(ctx context.Context, backend tokens.Backend) ([]diagnostics.Subject, error) {
	var selected []diagnostics.Subject
	if !m.AccessTokenIDs.IsNull() {
		for _, id := range attribute.Texts(m.AccessTokenIDs) {
			selected = append(selected, diagnostics.Subject{Kind: tokens.KindAccessToken, ID: id})
		}
		return selected, nil
	}
	page, err := backend.AccessTokens(tokens.LookingFor(ctx, tokens.Purpose{Action: tokens.ActionAccessTokenHold}),
		tokens.TokenQuery{
			TechnicalUserID: m.TechnicalUserID.ValueString(), GroupID: m.GroupID.ValueString(), Search: m.Search.ValueString(),
			Ephemeral: true,
		})
	for _, t := range page.AccessTokens {
		selected = append(selected, diagnostics.Subject{Kind: tokens.KindAccessToken, Name: t.Name, ID: t.ID})
	}
	return selected, err
}

// Invoke holds the tokens, all but the one by which the run asks.
func (a *holdAction) Invoke(ctx context.Context, req action.InvokeRequest, resp *action.InvokeResponse) {
	const verb = "hold"
	var config holdModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if config.require(&resp.Diagnostics); resp.Diagnostics.HasError() {
		return
	}
	backend, err := a.Open()
	var own string
	if err == nil {
		own, err = a.OwnTokenID(ctx)
	}
	var selected []diagnostics.Subject
	if err == nil {
		selected, err = config.selected(ctx, backend)
	}
	if err != nil {
		resp.Diagnostics.Append(diagnostics.FailedAll(verb, tokens.KindAccessToken, err))
		return
	}
	all := len(selected)
	isOwn := func(s diagnostics.Subject) bool { return s.ID == own }
	h := holding{backend: backend, reason: config.Reason.ValueString(), resp: resp}
	if at := slices.IndexFunc(selected, isOwn); at >= 0 {
		defer func(s diagnostics.Subject) { resp.Diagnostics.Append(managed.LeftOut(s)) }(selected[at])
		selected = slices.Delete(selected, at, at+1)
	}
	h.holdAll(ctx, selected)
	done := fmt.Sprintf("%d of %d access tokens are held", h.held+h.already, all)
	if h.already > 0 {
		done += fmt.Sprintf(", %d of them since before", h.already)
	}
	managed.Tell(resp, "%s", done)
	switch {
	case len(h.failures) > 0:
		resp.Diagnostics.Append(diagnostics.FailedSome(verb, tokens.KindAccessToken,
			done+". The following are not. Invoke the action again once that is mended: what is held stays so.", h.failures))
	case all == 0:
		resp.Diagnostics.AddError("Unable to hold access tokens", "None was held: there is none that matches the filters and "+
			"that this run may see. Check them, or name the access tokens in access_token_ids.")
	}
}

// mostUnanswered is after how many operations in a row without an answer of the backend no other one is tried.
const mostUnanswered = 3

// holding is the work of one invocation.
type holding struct {
	backend tokens.Backend
	reason  string
	resp    *action.InvokeResponse

	held, already int
	failures      []diagnostics.Failure
	unanswered    int // in a row
}

// holdAll holds the tokens, one after the other, until the run is stopped or the backend no longer answers.
func (h *holding) holdAll(ctx context.Context, selected []diagnostics.Subject) {
	for _, s := range selected {
		switch {
		case ctx.Err() != nil:
			h.fail(s, tokens.Unavailable(ctx.Err(), "it was not tried, since the run was stopped"))
		case h.unanswered == mostUnanswered:
			h.fail(s, tokens.Unavailable(nil, "it was not tried, since the backend gave no answer for the ones before it"))
		default:
			h.hold(ctx, s)
		}
	}
}

// hold holds a token and takes down what became of it.
func (h *holding) hold(ctx context.Context, s diagnostics.Subject) {
	token, err := h.backend.HoldAccessToken(ctx, s.ID, h.reason)
	if tokens.ErrorCode(err) == tokens.CodeUnavailable {
		h.unanswered++
	} else {
		h.unanswered = 0
	}
	switch tokens.ErrorCode(err) {
	case "":
		h.held++
		if s.Name == "" {
			s.Name = token.Name
		}
		managed.Tell(h.resp, "%s: held", s)
	case tokens.CodeConflict:
		h.already++
		managed.Tell(h.resp, "%s", err) // which names it, and says by whom and why
	case tokens.CodeNotFound:
		if s.Name == "" { // it was named by an identifier, which may be mistyped, or of another database
			h.fail(s, err)
			return
		}
		managed.Tell(h.resp, "%s: it was deleted in the meantime, so there is nothing to hold", s)
	default:
		h.fail(s, err)
	}
}

// fail takes down that a token could not be held.
func (h *holding) fail(s diagnostics.Subject, err error) {
	h.failures = append(h.failures, diagnostics.Failure{Subject: s, Err: err})
	managed.Tell(h.resp, "%s: could not be held: %s", s, err)
}

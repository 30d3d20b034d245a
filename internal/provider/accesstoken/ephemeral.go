package accesstoken

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/customtypes"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var (
	_ ephemeral.EphemeralResourceWithConfigure = (*ephemeralToken)(nil)
	_ ephemeral.EphemeralResourceWithRenew     = (*ephemeralToken)(nil)
	_ ephemeral.EphemeralResourceWithClose     = (*ephemeralToken)(nil)
)

const (
	// defaultRunTTL and leastRunTTL are how long a token for one run lives by default, and at least, from each renewal.
	defaultRunTTL = time.Hour
	leastRunTTL   = time.Minute
	// clockSkew is how far the clock of the backend may be behind this one before it refuses the longest ttl.
	clockSkew = time.Minute
	// patienceOfClose is how long the deletion goes on after Terraform was told to stop.
	patienceOfClose = 30 * time.Second
	// mintedKey is where the private data keeps what was minted.
	mintedKey = "minted"
)

// ephemeralToken mints an access token for one run, and deletes it when that is over.
type ephemeralToken struct{ managed.Ephemeral }

// NewEphemeral returns the ephemeral resource.
func NewEphemeral() ephemeral.EphemeralResource { return &ephemeralToken{} }

type ephemeralModel struct {
	TechnicalUserID types.String          `tfsdk:"technical_user_id"`
	Role            types.String          `tfsdk:"role"`
	TTL             customtypes.Duration  `tfsdk:"ttl"`
	ID              types.String          `tfsdk:"id"`
	Name            types.String          `tfsdk:"name"`
	Token           types.String          `tfsdk:"token"`
	ExpiresAt       customtypes.Timestamp `tfsdk:"expires_at"`
}

// minted is what renewals and the deletion know of a token.
type minted struct {
	ID   string        `json:"id"`
	Name string        `json:"name"`
	At   time.Time     `json:"at"`
	Ends time.Time     `json:"ends"`
	TTL  time.Duration `json:"ttl"`
	// Ahead is how far the clock of the backend, by which At and Ends are, is ahead of this one.
	Ahead time.Duration `json:"ahead"`
}

// Metadata names the type.
func (e *ephemeralToken) Metadata(
	_ context.Context, _ ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse,
) {
	resp.TypeName = TypeName
}

// Schema describes the attributes.
func (e *ephemeralToken) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "A short-lived access token for one run, under a technical user: no plan and no state holds it. " +
			"Terraform has it minted when the run needs it, and deleted when the run is over. For a token that lasts, use the " +
			"resource `latchkey_access_token`.\n\n" +
			"**What a mint costs.** Each phase mints a token of its own, with Terraform also where nothing refers to it: " +
			"`terraform plan` one, " +
			"`terraform apply` two (one for its plan, one for the changes), and the apply of a saved plan one. `terraform " +
			"validate` mints none, nor does a phase in which `technical_user_id` is not known yet. A mint writes an access token " +
			"and a secret. After the deletion, the hash of the secret stays, as that of every secret, so that nobody uses the " +
			"value again, and the audit log has two events, besides one for each renewal. With 100 plans a day, that is 36,500 " +
			"hashes and 73,000 events a year.\n\n" +
			"~> **A plan writes.** Whoever plans needs the permission to create a token of that technical user: `tokens:write` " +
			"in its group, or `tokens:manage` at the organization level, and whatever the token may do.\n\n" +
			"**How it ends.** It ends `ttl` after the mint, and is renewed while the run goes on, until 24 hours after the " +
			"mint. Terraform does not delete the token where what uses it failed, or where the run was killed. Such a token ends " +
			"by its `ttl`, `latchkey doctor` counts it, and the next mint for the same technical user deletes it. Until it ends, " +
			"that technical user can't be deleted: `latchkey token delete` removes the token before. " +
			"`latchkey token list` and `latchkey_access_tokens` leave these tokens out unless you ask for them. A token whose roles " +
			"manage tokens can make others that last: give one for a run the narrowest role that does.",
		Attributes: map[string]schema.Attribute{
			"technical_user_id": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Identifier of the technical user that the token belongs to, whose roles it has.",
				Validators:          []validator.String{attribute.IDRule(tokens.KindTechnicalUser)},
			},
			"role": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Role that the token may use at most: it narrows the roles of the technical user and adds " +
					"nothing to them. One of " + attribute.KnownRoles,
				Validators: []validator.String{attribute.RuleForKnown("the name of a role", tokens.ValidateRole)},
			},
			"ttl": schema.StringAttribute{
				Optional:   true,
				CustomType: customtypes.DurationType{},
				MarkdownDescription: "How long the token lives after the mint and after each renewal, such as `15m`: from `1m` to " +
					"`24h`. Defaults to `1h`. It is how long a token works that an interrupted run leaves behind.",
				Validators: []validator.String{attribute.RuleForKnown("from 1m to 24h", validateRunTTL)},
			},
			"id": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "Identifier of the token (`tok_…`). It is not a credential.",
			},
			"name": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "Name that was generated for the token, with the time of the mint.",
			},
			"token": schema.StringAttribute{
				Computed:            true,
				Sensitive:           true,
				MarkdownDescription: "The secret.",
			},
			"expires_at": schema.StringAttribute{
				Computed:            true,
				CustomType:          customtypes.TimestampType{},
				MarkdownDescription: "When the token ends unless it is renewed (RFC 3339, UTC).",
			},
		},
	}
}

// validateRunTTL checks how long a token for one run lives.
func validateRunTTL(field, value string) error {
	ttl, err := tokens.ParseDuration(field, value)
	if err != nil {
		return err
	}
	if ttl < leastRunTTL || ttl > tokens.MaxEphemeralLife {
		return tokens.Invalid(field, "%q is out of range: write a duration from 1m to 24h", value)
	}
	return nil
}

// Open mints a token.
func (e *ephemeralToken) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var config ephemeralModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	attribute.RequireID("technical_user_id", config.TechnicalUserID, tokens.KindTechnicalUser, &resp.Diagnostics)
	attribute.Require("role", config.Role, &resp.Diagnostics, tokens.ValidateRole)
	attribute.Require("ttl", config.TTL.StringValue, &resp.Diagnostics, validateRunTTL)
	if resp.Diagnostics.HasError() {
		return
	}
	now, ttl := e.Now(), defaultRunTTL
	if !config.TTL.IsNull() {
		ttl = config.TTL.Value()
	}
	name := newRunName(now)
	token, secret, err := e.mint(ctx, tokens.Settings{
		Name: name, Enabled: true, Own: tokens.Grants{Role: config.Role.ValueString()},
		ExpiresAt: now.Add(min(ttl, tokens.MaxEphemeralLife-clockSkew)),
	}, config.TechnicalUserID.ValueString())
	if err != nil {
		resp.Diagnostics.Append(failedMint(name, err))
		return
	}
	made := minted{
		ID: token.ID, Name: name, At: token.CreatedAt, Ends: token.ExpiresAt, TTL: ttl, Ahead: token.CreatedAt.Sub(now),
	}
	resp.Diagnostics.Append(made.keep(ctx, resp.Private)...)
	resp.RenewAt = made.renewAt(now)
	config.ID, config.Name = types.StringValue(token.ID), types.StringValue(name)
	config.Token, config.ExpiresAt = types.StringValue(secret.Reveal()), customtypes.TimestampOf(token.ExpiresAt)
	resp.Diagnostics.Append(resp.Result.Set(ctx, config)...)
	warnOfDisabledUser(token, &resp.Diagnostics)
	if resp.Diagnostics.HasError() { // Terraform closes only what was opened
		resp.Diagnostics.Append(e.remove(ctx, made)...)
	}
}

// mint creates a token with settings for a technical user.
func (e *ephemeralToken) mint(
	ctx context.Context, settings tokens.Settings, technicalUserID string,
) (t tokens.AccessToken, secret tokens.Secret, err error) {
	backend, err := e.Connection.Open()
	if err != nil {
		return t, secret, err
	}
	if secret, err = managed.NewSecret(e.Prefix); err != nil {
		return t, secret, err
	}
	request := tokens.NewAccessToken{
		NewSecretFor:    tokens.NewSecretFor{Request: e.Request(), Secret: secret},
		TechnicalUserID: technicalUserID, Ephemeral: true, Settings: settings,
	}
	created, err := managed.Change(ctx, e.Connection, "", func(ctx context.Context) (tokens.CreatedAccessToken, error) {
		return backend.CreateAccessToken(ctx, request)
	})
	if tokens.ErrorCode(err) == tokens.CodeUnavailable { // it may be there, and Terraform closes only what was opened
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patienceOfClose)
		defer cancel()
		_, _ = backend.RevokeSecret(ctx, secret)
	}
	return created.AccessToken, secret, err
}

// failedMint is the diagnostic for a token that could not be minted.
func failedMint(name string, err error) diag.Diagnostic {
	failed := diagnostics.Failed("mint", diagnostics.Subject{Kind: tokens.KindAccessToken, Name: name}, err)
	refusal, ok := errors.AsType[*tokens.Error](err)
	var note string
	switch {
	case !ok:
		return failed
	case refusal.Code == tokens.CodeForbidden:
		note = "Each phase of a run mints a token for this ephemeral resource, so whoever plans needs that permission, too."
	case refusal.Reason == tokens.ReasonUnknownRole:
		note = "A plan mints a token, too, so the role has to exist before the plan: apply it first, with -target."
	case refusal.Field == "expires_at":
		note = "The end follows from ttl and the clock of this machine, which may not be that of the server: set both right, or " +
			"write another ttl."
	default:
		return failed
	}
	return diag.NewErrorDiagnostic(failed.Summary(), failed.Detail()+"\n\n"+note)
}

// warnOfDisabledUser says that a token that was minted is refused. It is no error: the same run may be about to enable it.
func warnOfDisabledUser(t tokens.AccessToken, diags *diag.Diagnostics) {
	if t.Status == tokens.StatusDisabled {
		diags.AddWarning("Access token of this run is refused", fmt.Sprintf(
			"Access token %q (%s) was minted, but technical user %s (%s) is disabled, and so all its access tokens are refused.\n\n"+
				"Enable the technical user, or mint for another one.", t.Name, t.ID, t.User.Email, t.User.ID))
	}
}

// newRunName generates the name of a token for one run.
func newRunName(now time.Time) string {
	var unique [4]byte
	_, _ = rand.Read(unique[:]) // it never fails
	return "run " + now.UTC().Format(time.RFC3339) + " " + hex.EncodeToString(unique[:])
}

// Renew moves the end of the token, until the longest life of one is over.
func (e *ephemeralToken) Renew(ctx context.Context, req ephemeral.RenewRequest, resp *ephemeral.RenewResponse) {
	made, diags := mintedIn(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	now := e.Now()
	if end := made.next(now); end.After(made.Ends) {
		made.Ends = end
		if err := e.extend(ctx, made); err != nil {
			resp.Diagnostics.Append(diagnostics.FailedAction("renew", made.subject(), err))
			return
		}
	}
	resp.Diagnostics.Append(made.keep(ctx, resp.Private)...)
	resp.RenewAt = made.renewAt(now)
}

// extend has the token end when it is now to end.
func (e *ephemeralToken) extend(ctx context.Context, made minted) error {
	backend, err := e.Connection.Open()
	if err != nil {
		return err
	}
	_, err = managed.Change(ctx, e.Connection, made.ID, func(ctx context.Context) (tokens.AccessToken, error) {
		return backend.UpdateAccessToken(ctx, made.ID, tokens.AccessTokenUpdate{
			Settings: tokens.Settings{ExpiresAt: made.Ends}, Fields: tokens.Fields{"expires_at"},
		})
	})
	return err
}

// Close deletes the token.
func (e *ephemeralToken) Close(ctx context.Context, req ephemeral.CloseRequest, resp *ephemeral.CloseResponse) {
	made, diags := mintedIn(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(e.remove(ctx, made)...)
	}
}

// remove deletes the token, also after Terraform was told to stop. One that is gone is deleted.
func (e *ephemeralToken) remove(ctx context.Context, made minted) (diags diag.Diagnostics) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), patienceOfClose)
	defer cancel()
	backend, err := e.Connection.Open()
	if err == nil {
		_, err = managed.Change(ctx, e.Connection, made.ID, func(ctx context.Context) (struct{}, error) {
			return struct{}{}, backend.DeleteAccessToken(ctx, made.ID)
		})
	}
	if err != nil && tokens.ErrorCode(err) != tokens.CodeNotFound {
		failed := diagnostics.Failed("delete", diagnostics.Subject{Kind: tokens.KindAccessToken, Name: made.Name}, err)
		diags.AddError(failed.Summary(), failed.Detail()+"\n\nThe token ("+made.ID+") was minted for this run. It ends by itself at "+
			tokens.FormatTimestamp(made.Ends)+", and latchkey token hold "+made.ID+" stops it before.")
	}
	return diags
}

func (m minted) subject() diagnostics.Subject {
	return diagnostics.Subject{Kind: tokens.KindAccessToken, Name: m.Name, ID: m.ID}
}

// next returns the end of a token that is renewed now.
func (m minted) next(now time.Time) time.Time {
	end, last := now.Add(m.Ahead+m.TTL), m.At.Add(tokens.MaxEphemeralLife)
	if end.After(last) {
		return last
	}
	return end
}

// renewAt returns when to renew the token, at half of what is left to it; zero if its longest life ends with that.
func (m minted) renewAt(now time.Time) time.Time {
	if !m.Ends.Before(m.At.Add(tokens.MaxEphemeralLife)) {
		return time.Time{}
	}
	return now.Add(max(m.Ends.Sub(now.Add(m.Ahead)), 0) / 2)
}

// keeper keeps private data.
type keeper interface {
	SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
}

// keep writes what was minted into the private data.
func (m minted) keep(ctx context.Context, private keeper) diag.Diagnostics {
	text, err := json.Marshal(m)
	if err != nil {
		return diag.Diagnostics{diag.NewErrorDiagnostic("Unable to record access token", err.Error())}
	}
	return private.SetKey(ctx, mintedKey, text)
}

// mintedIn reads what keep wrote.
func mintedIn(ctx context.Context, private interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}) (m minted, diags diag.Diagnostics) {
	text, diags := private.GetKey(ctx, mintedKey)
	if diags.HasError() {
		return m, diags
	}
	if err := json.Unmarshal(text, &m); err != nil {
		diags.AddAttributeError(path.Empty(), "Unable to read access token",
			"What Terraform keeps of the token that was minted is damaged: "+err.Error())
	}
	return m, diags
}

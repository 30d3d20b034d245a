package provider

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// shownTokenModel is an access token as data sources show it: with all that can be known of it, and without its secret,
// which can't.
type shownTokenModel struct {
	ID                     types.String `tfsdk:"id"`
	QualifiedID            types.String `tfsdk:"qualified_id"`
	Name                   types.String `tfsdk:"name"`
	Description            types.String `tfsdk:"description"`
	TechnicalUserID        types.String `tfsdk:"technical_user_id"`
	TechnicalUserEmail     types.String `tfsdk:"technical_user_email"`
	GroupID                types.String `tfsdk:"group_id"`
	Role                   types.String `tfsdk:"role"`
	GroupRoles             types.Set    `tfsdk:"group_roles"`
	Grants                 types.Object `tfsdk:"grants"`
	Visibility             types.String `tfsdk:"visibility"`
	Enabled                types.Bool   `tfsdk:"enabled"`
	Disabled               types.Object `tfsdk:"disabled"`
	TechnicalUserDisabled  types.Object `tfsdk:"technical_user_disabled"`
	Held                   types.Object `tfsdk:"held"`
	ActivatesAt            timestamp    `tfsdk:"activates_at"`
	ExpiresAt              timestamp    `tfsdk:"expires_at"`
	TTL                    duration     `tfsdk:"ttl"`
	RegenerateBeforeExpiry duration     `tfsdk:"regenerate_before_expiry"`
	OnExpired              types.String `tfsdk:"on_expired"`
	OnSecretDrift          types.String `tfsdk:"on_secret_drift"`
	GracePeriod            gracePeriod  `tfsdk:"grace_period"`
	ProtectIfUsedWithin    duration     `tfsdk:"protect_if_used_within"`
	TokenPreview           types.String `tfsdk:"token_preview"`
	SecretVersion          types.Int64  `tfsdk:"secret_version"`
	SecretExpiresAt        timestamp    `tfsdk:"secret_expires_at"`
	PreviousSecret         types.Object `tfsdk:"previous_secret"`
	Status                 types.String `tfsdk:"status"`
	CreatedAt              timestamp    `tfsdk:"created_at"`
	UpdatedAt              timestamp    `tfsdk:"updated_at"`
	RegeneratedAt          timestamp    `tfsdk:"regenerated_at"`
	LastUsedAt             timestamp    `tfsdk:"last_used_at"`
	UseCount               types.Int64  `tfsdk:"use_count"`
}

// showToken returns what is shown of an access token.
func showToken(t tokens.AccessToken) shownTokenModel {
	return shownTokenModel{
		ID:                     types.StringValue(t.ID),
		QualifiedID:            types.StringValue(t.QualifiedID()),
		Name:                   types.StringValue(t.Name),
		Description:            textOrNull(t.Description),
		TechnicalUserID:        types.StringValue(t.User.ID),
		TechnicalUserEmail:     types.StringValue(t.User.Email),
		GroupID:                textOrNull(t.User.GroupID),
		Role:                   textOrNull(t.Own.Role),
		GroupRoles:             groupRolesValue(t.Own.GroupRoles),
		Grants:                 grantsValue(t.Grants),
		Visibility:             types.StringValue(string(t.Visibility)),
		Enabled:                types.BoolValue(t.Enabled),
		Disabled:               stopValue(t.Disabled),
		TechnicalUserDisabled:  stopValue(t.User.Disabled),
		Held:                   stopValue(t.Held),
		ActivatesAt:            timestampOf(t.ActivatesAt),
		ExpiresAt:              timestampOf(t.ExpiresAt),
		TTL:                    durationOf(t.TTL),
		RegenerateBeforeExpiry: durationOf(t.RegenerateBeforeExpiry),
		OnExpired:              textOrNull(string(t.OnExpired)),
		OnSecretDrift:          textOrNull(string(t.OnSecretDrift)),
		GracePeriod:            gracePeriodOf(t.Grace),
		ProtectIfUsedWithin:    durationOf(t.ProtectIfUsedWithin),
		TokenPreview:           types.StringValue(t.Secret.Preview),
		SecretVersion:          types.Int64Value(t.Secret.Version),
		SecretExpiresAt:        timestampOf(t.SecretExpiresAt()),
		PreviousSecret:         previousSecretValue(t.Previous),
		Status:                 types.StringValue(string(t.Status)),
		CreatedAt:              timestampOf(t.CreatedAt),
		UpdatedAt:              timestampOf(t.UpdatedAt),
		RegeneratedAt:          timestampOf(t.RegeneratedAt),
		LastUsedAt:             timestampOf(t.LastUsedAt),
		UseCount:               types.Int64Value(t.UseCount),
	}
}

// shownTokenAttributes are the schema of a shownTokenModel.
func shownTokenAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id":                   shownText("Identifier of the token (`tok_…`). It is no credential."),
		"qualified_id":         shownText("The e-mail address of the technical user and the identifier: `<email>_<id>`."),
		"name":                 shownText("Label for people. Several tokens may share one."),
		"description":          shownText("What the token is for; null where nothing is said."),
		"technical_user_id":    shownText("Identifier of the technical user that the token belongs to."),
		"technical_user_email": shownText("E-mail address of that technical user."),
		"group_id":             shownText("Identifier of the group at whose level the token lives; null at the level of the organization."),
		"role":                 shownText("Role set on the token itself, which narrows those of its technical user; null where none is. See `grants` for what comes of it."),
		"group_roles":          shownGroupRoles("Roles in single groups set on the token itself; null where none are."),
		"grants": schema.SingleNestedAttribute{
			Computed:            true,
			MarkdownDescription: "Roles that the token can use now: those of its technical user, narrowed by its own.",
			Attributes: map[string]schema.Attribute{
				"role":        shownText("Role in the whole organization; `none` for a token at the level of a group."),
				"group_roles": shownGroupRoles("Further roles in single groups."),
			},
		},
		"visibility":               shownText("Who may know of the token: `organization` (everyone who may read tokens at its level) or `restricted` (owners, the account that made it and those it is shared with)."),
		"enabled":                  shownBool("Whether the token is switched on. It works only while its `status` is `active`."),
		"disabled":                 shownStop("Who switched the token off, and when; null while it is switched on."),
		"technical_user_disabled":  shownStop("Who switched its technical user off, and with it the token; null while that is switched on."),
		"held":                     shownStop("Who holds the token, since when and why; null while nobody does. Only `latchkey token release` ends a hold."),
		"activates_at":             shownTimestamp("when the token becomes active; null for at once"),
		"expires_at":               shownTimestamp("when the token expires, whatever its secret; null for never"),
		"ttl":                      shownDuration("How long each new secret lives, such as `90d`; null for no such limit."),
		"regenerate_before_expiry": shownDuration("How long before its end Terraform regenerates a secret; null for not before it."),
		"on_expired":               shownText("What Terraform does about an expired secret: `regenerate`, `ignore` or `error`; null for the default."),
		"on_secret_drift":          shownText("What Terraform does about a secret that was changed elsewhere: `regenerate`, `accept` or `error`; null for the default."),
		"grace_period":             schema.StringAttribute{Computed: true, CustomType: gracePeriodType{}, MarkdownDescription: "How long the previous secret stays valid after a regeneration, such as `7d` or `until_expiry`; null for not at all."},
		"protect_if_used_within":   shownDuration("Terraform takes the token from nobody who used it within this time; null for no such protection."),
		"previous_secret": schema.SingleNestedAttribute{
			Computed:            true,
			MarkdownDescription: "The secret before the present one, where a grace period was given to it; null where it ended with the regeneration or was ended since.",
			Attributes: map[string]schema.Attribute{
				"version":       schema.Int64Attribute{Computed: true, MarkdownDescription: "Its number."},
				"token_preview": shownText("The beginning of its value."),
				"expires_at":    shownTimestamp("when its grace is over, or was"),
				"last_used_at":  shownTimestamp("when it last opened something; null is never"),
			},
		},
		"token_preview":     shownText("The first 10 characters of the secret, to recognize it by."),
		"secret_version":    schema.Int64Attribute{Computed: true, MarkdownDescription: "Number of the present secret, from 1; each new secret raises it."},
		"secret_expires_at": shownTimestamp("when the present secret expires, by `expires_at` or `ttl`; null is never"),
		"status":            shownText("What becomes of a request with the token: `active`, `pending`, `disabled`, `held`, `expired` or `revoked`."),
		"created_at":        shownTimestamp("when the token was made"),
		"updated_at":        shownTimestamp("when the token was last changed"),
		"regenerated_at":    shownTimestamp("when the present secret replaced another; null for a first secret"),
		"last_used_at":      shownTimestamp("when the token last opened something, by either of its secrets; null is never"),
		"use_count":         schema.Int64Attribute{Computed: true, MarkdownDescription: "How often it did."},
	}
}

// shownDuration is the schema of a duration that is only shown.
func shownDuration(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, CustomType: durationType{}, MarkdownDescription: description}
}

// shownStop is the schema of who stopped something.
func shownStop(description string) schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Computed:            true,
		MarkdownDescription: description,
		Attributes: map[string]schema.Attribute{
			"by":     shownText("Who did it, as in `latchkey_events`."),
			"at":     shownTimestamp("when that was"),
			"reason": shownText("Why, in the words of whoever did it; null where nobody asked."),
		},
	}
}

var (
	grantsType = map[string]attr.Type{"role": types.StringType, "group_roles": types.SetType{ElemType: groupRoleType}}
	stopType   = map[string]attr.Type{"by": types.StringType, "at": timestampType{}, "reason": types.StringType}
)

// previousSecretType is the type of the secret before the present one.
var previousSecretType = map[string]attr.Type{"version": types.Int64Type, "token_preview": types.StringType, "expires_at": timestampType{}, "last_used_at": timestampType{}}

// previousSecretValue returns the attribute for the secret before the present one: null for none.
func previousSecretValue(p *tokens.PreviousSecret) types.Object {
	if p == nil {
		return types.ObjectNull(previousSecretType)
	}
	return types.ObjectValueMust(previousSecretType, map[string]attr.Value{
		"version":       types.Int64Value(p.Version),
		"token_preview": types.StringValue(p.Preview),
		"expires_at":    timestampOf(p.EndsAt),
		"last_used_at":  timestampOf(p.LastUsedAt),
	})
}

// grantsValue returns the attribute for the roles that a token can use.
func grantsValue(g tokens.Grants) types.Object {
	return types.ObjectValueMust(grantsType, map[string]attr.Value{
		"role":        types.StringValue(g.Role),
		"group_roles": groupRolesValue(append([]tokens.GroupRole{}, g.GroupRoles...)),
	})
}

// stopValue returns the attribute for who stopped something: null for nobody.
func stopValue(stop *tokens.Stop) types.Object {
	if stop == nil {
		return types.ObjectNull(stopType)
	}
	return types.ObjectValueMust(stopType, map[string]attr.Value{
		"by":     types.StringValue(string(stop.By)),
		"at":     timestampOf(stop.At),
		"reason": textOrNull(stop.Reason),
	})
}

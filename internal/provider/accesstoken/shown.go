package accesstoken

import (
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/customtypes"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// shownModel is an access token as data sources show it: with all that can be known of it, and without its secret,
// which can't.
type shownModel struct {
	ID                     types.String            `tfsdk:"id"`
	QualifiedID            types.String            `tfsdk:"qualified_id"`
	Name                   types.String            `tfsdk:"name"`
	Description            types.String            `tfsdk:"description"`
	TechnicalUserID        types.String            `tfsdk:"technical_user_id"`
	TechnicalUserEmail     types.String            `tfsdk:"technical_user_email"`
	GroupID                types.String            `tfsdk:"group_id"`
	Role                   types.String            `tfsdk:"role"`
	GroupRoles             types.Set               `tfsdk:"group_roles"`
	Grants                 types.Object            `tfsdk:"grants"`
	Visibility             types.String            `tfsdk:"visibility"`
	Enabled                types.Bool              `tfsdk:"enabled"`
	Disabled               types.Object            `tfsdk:"disabled"`
	TechnicalUserDisabled  types.Object            `tfsdk:"technical_user_disabled"`
	Held                   types.Object            `tfsdk:"held"`
	ActivatesAt            customtypes.Timestamp   `tfsdk:"activates_at"`
	ExpiresAt              customtypes.Timestamp   `tfsdk:"expires_at"`
	TTL                    customtypes.Duration    `tfsdk:"ttl"`
	RegenerateBeforeExpiry customtypes.Duration    `tfsdk:"regenerate_before_expiry"`
	OnExpired              types.String            `tfsdk:"on_expired"`
	OnSecretDrift          types.String            `tfsdk:"on_secret_drift"`
	GracePeriod            customtypes.GracePeriod `tfsdk:"grace_period"`
	ProtectIfUsedWithin    customtypes.Duration    `tfsdk:"protect_if_used_within"`
	TokenPreview           types.String            `tfsdk:"token_preview"`
	SecretVersion          types.Int64             `tfsdk:"secret_version"`
	SecretExpiresAt        customtypes.Timestamp   `tfsdk:"secret_expires_at"`
	PreviousSecret         types.Object            `tfsdk:"previous_secret"`
	Status                 types.String            `tfsdk:"status"`
	CreatedAt              customtypes.Timestamp   `tfsdk:"created_at"`
	UpdatedAt              customtypes.Timestamp   `tfsdk:"updated_at"`
	RegeneratedAt          customtypes.Timestamp   `tfsdk:"regenerated_at"`
	LastUsedAt             customtypes.Timestamp   `tfsdk:"last_used_at"`
	UseCount               types.Int64             `tfsdk:"use_count"`
}

// show returns what is shown of an access token.
func show(t tokens.AccessToken) shownModel {
	return shownModel{
		ID:                     types.StringValue(t.ID),
		QualifiedID:            types.StringValue(t.QualifiedID()),
		Name:                   types.StringValue(t.Name),
		Description:            attribute.TextOrNull(t.Description),
		TechnicalUserID:        types.StringValue(t.User.ID),
		TechnicalUserEmail:     types.StringValue(t.User.Email),
		GroupID:                attribute.TextOrNull(t.User.GroupID),
		Role:                   attribute.TextOrNull(t.Own.Role),
		GroupRoles:             attribute.GroupRolesValue(t.Own.GroupRoles),
		Grants:                 grantsValue(t.Grants),
		Visibility:             types.StringValue(string(t.Visibility)),
		Enabled:                types.BoolValue(t.Enabled),
		Disabled:               stopValue(t.Disabled),
		TechnicalUserDisabled:  stopValue(t.User.Disabled),
		Held:                   stopValue(t.Held),
		ActivatesAt:            customtypes.TimestampOf(t.ActivatesAt),
		ExpiresAt:              customtypes.TimestampOf(t.ExpiresAt),
		TTL:                    customtypes.DurationOf(t.TTL),
		RegenerateBeforeExpiry: customtypes.DurationOf(t.RegenerateBeforeExpiry),
		OnExpired:              attribute.TextOrNull(string(t.OnExpired)),
		OnSecretDrift:          attribute.TextOrNull(string(t.OnSecretDrift)),
		GracePeriod:            customtypes.GracePeriodOf(t.Grace),
		ProtectIfUsedWithin:    customtypes.DurationOf(t.ProtectIfUsedWithin),
		TokenPreview:           types.StringValue(t.Secret.Preview),
		SecretVersion:          types.Int64Value(t.Secret.Version),
		SecretExpiresAt:        customtypes.TimestampOf(t.SecretExpiresAt()),
		PreviousSecret:         previousSecretValue(t.Previous),
		Status:                 types.StringValue(string(t.Status)),
		CreatedAt:              customtypes.TimestampOf(t.CreatedAt),
		UpdatedAt:              customtypes.TimestampOf(t.UpdatedAt),
		RegeneratedAt:          customtypes.TimestampOf(t.RegeneratedAt),
		LastUsedAt:             customtypes.TimestampOf(t.LastUsedAt),
		UseCount:               types.Int64Value(t.UseCount),
	}
}

// shownAttributes are the schema of a shownTokenModel.
func shownAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id":                   attribute.ShownText("Identifier of the token (`tok_…`). It is no credential."),
		"qualified_id":         attribute.ShownText("The e-mail address of the technical user and the identifier: `<email>_<id>`."),
		"name":                 attribute.ShownText("Label for people. Several tokens may share one."),
		"description":          attribute.ShownText("What the token is for; null where nothing is said."),
		"technical_user_id":    attribute.ShownText("Identifier of the technical user that the token belongs to."),
		"technical_user_email": attribute.ShownText("E-mail address of that technical user."),
		"group_id":             attribute.ShownText("Identifier of the group at whose level the token lives; null at the level of the organization."),
		"role":                 attribute.ShownText("Role set on the token itself, which narrows those of its technical user; null where none is. See `grants` for what comes of it."),
		"group_roles":          attribute.ShownGroupRoles("Roles in single groups set on the token itself; null where none are."),
		"grants": schema.SingleNestedAttribute{
			Computed:            true,
			MarkdownDescription: "Roles that the token can use now: those of its technical user, narrowed by its own.",
			Attributes: map[string]schema.Attribute{
				"role":        attribute.ShownText("Role in the whole organization; `none` for a token at the level of a group."),
				"group_roles": attribute.ShownGroupRoles("Further roles in single groups."),
			},
		},
		"visibility":               attribute.ShownText("Who may know of the token: `organization` (everyone who may read tokens at its level) or `restricted` (owners, the account that made it and those it is shared with)."),
		"enabled":                  attribute.ShownBool("Whether the token is switched on. It works only while its `status` is `active`."),
		"disabled":                 shownStop("Who switched the token off, and when; null while it is switched on."),
		"technical_user_disabled":  shownStop("Who switched its technical user off, and with it the token; null while that is switched on."),
		"held":                     shownStop("Who holds the token, since when and why; null while nobody does. Only `latchkey token release` ends a hold."),
		"activates_at":             attribute.ShownTimestamp("when the token becomes active; null for at once"),
		"expires_at":               attribute.ShownTimestamp("when the token expires, whatever its secret; null for never"),
		"ttl":                      attribute.ShownDuration("How long each new secret lives, such as `90d`; null for no such limit."),
		"regenerate_before_expiry": attribute.ShownDuration("How long before its end Terraform regenerates a secret; null for not before it."),
		"on_expired":               attribute.ShownText("What Terraform does about an expired secret: `regenerate`, `ignore` or `error`; null for the default."),
		"on_secret_drift":          attribute.ShownText("What Terraform does about a secret that was changed elsewhere: `regenerate`, `accept` or `error`; null for the default."),
		"grace_period":             schema.StringAttribute{Computed: true, CustomType: customtypes.GracePeriodType{}, MarkdownDescription: "How long the previous secret stays valid after a regeneration, such as `7d` or `until_expiry`; null for not at all."},
		"protect_if_used_within":   attribute.ShownDuration("Terraform takes the token from nobody who used it within this time; null for no such protection."),
		"previous_secret": schema.SingleNestedAttribute{
			Computed:            true,
			MarkdownDescription: "The secret before the present one, where a grace period was given to it; null where it ended with the regeneration or was ended since.",
			Attributes: map[string]schema.Attribute{
				"version":       schema.Int64Attribute{Computed: true, MarkdownDescription: "Its number."},
				"token_preview": attribute.ShownText("The beginning of its value."),
				"expires_at":    attribute.ShownTimestamp("when its grace is over, or was"),
				"last_used_at":  attribute.ShownTimestamp("when it last opened something; null is never"),
			},
		},
		"token_preview":     attribute.ShownText("The first 10 characters of the secret, to recognize it by."),
		"secret_version":    schema.Int64Attribute{Computed: true, MarkdownDescription: "Number of the present secret, from 1; each new secret raises it."},
		"secret_expires_at": attribute.ShownTimestamp("when the present secret expires, by `expires_at` or `ttl`; null is never"),
		"status":            attribute.ShownText("What becomes of a request with the token: `active`, `pending`, `disabled`, `held`, `expired` or `revoked`."),
		"created_at":        attribute.ShownTimestamp("when the token was made"),
		"updated_at":        attribute.ShownTimestamp("when the token was last changed"),
		"regenerated_at":    attribute.ShownTimestamp("when the present secret replaced another; null for a first secret"),
		"last_used_at":      attribute.ShownTimestamp("when the token last opened something, by either of its secrets; null is never"),
		"use_count":         schema.Int64Attribute{Computed: true, MarkdownDescription: "How often it did."},
	}
}

// shownStop is the schema of who stopped something.
func shownStop(description string) schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		Computed:            true,
		MarkdownDescription: description,
		Attributes: map[string]schema.Attribute{
			"by":     attribute.ShownText("Who did it, as in `latchkey_events`."),
			"at":     attribute.ShownTimestamp("when that was"),
			"reason": attribute.ShownText("Why, in the words of whoever did it; null where nobody asked."),
		},
	}
}

var (
	grantsType = map[string]attr.Type{"role": types.StringType, "group_roles": types.SetType{ElemType: attribute.GroupRoleType}}
	stopType   = map[string]attr.Type{"by": types.StringType, "at": customtypes.TimestampType{}, "reason": types.StringType}
)

// previousSecretType is the type of the secret before the present one.
var previousSecretType = map[string]attr.Type{"version": types.Int64Type, "token_preview": types.StringType, "expires_at": customtypes.TimestampType{}, "last_used_at": customtypes.TimestampType{}}

// previousSecretValue returns the attribute for the secret before the present one: null for none.
func previousSecretValue(p *tokens.PreviousSecret) types.Object {
	if p == nil {
		return types.ObjectNull(previousSecretType)
	}
	return types.ObjectValueMust(previousSecretType, map[string]attr.Value{
		"version":       types.Int64Value(p.Version),
		"token_preview": types.StringValue(p.Preview),
		"expires_at":    customtypes.TimestampOf(p.EndsAt),
		"last_used_at":  customtypes.TimestampOf(p.LastUsedAt),
	})
}

// grantsValue returns the attribute for the roles that a token can use.
func grantsValue(g tokens.Grants) types.Object {
	return types.ObjectValueMust(grantsType, map[string]attr.Value{
		"role":        types.StringValue(g.Role),
		"group_roles": attribute.GroupRolesValue(append([]tokens.GroupRole{}, g.GroupRoles...)),
	})
}

// stopValue returns the attribute for who stopped something: null for nobody.
func stopValue(stop *tokens.Stop) types.Object {
	if stop == nil {
		return types.ObjectNull(stopType)
	}
	return types.ObjectValueMust(stopType, map[string]attr.Value{
		"by":     types.StringValue(string(stop.By)),
		"at":     customtypes.TimestampOf(stop.At),
		"reason": attribute.TextOrNull(stop.Reason),
	})
}

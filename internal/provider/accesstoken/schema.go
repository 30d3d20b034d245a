package accesstoken

import (
	shown "github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/customtypes"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Schema describes the resource.
func Schema() schema.Schema {
	return schema.Schema{
		MarkdownDescription: "An API access token and its whole life: issued, renamed, re-roled, regenerated, disabled, " +
			"expired, deleted.\n\n" +
			"The provider makes the secret and the backend keeps only a hash of it, so `token` exists in " +
			"the Terraform state " +
			"and nowhere else. Every attribute changes in place and leaves the secret alone, except " +
			"`regenerate_triggers` (a new " +
			"secret for the same token) and `technical_user_id`, `group_id` and `replace_triggers` (a new " +
			"token). A new value " +
			"already counts for the plan that sets it.\n\n" +
			"The next apply also regenerates a secret that nears the end of its `ttl` " +
			"(`regenerate_before_expiry`), has outlived " +
			"it (`on_expired`), or was regenerated or revoked outside Terraform (`on_secret_drift`); " +
			"`regeneration_reason` says " +
			"why in the plan. With `grace_period`, the previous secret stays valid for a while, so that nobody is " +
			"interrupted.\n\n" +
			"~> **The secret is in the state**, unless `encrypt_to` with `secret_in_state = false` or `token_wo` keep it out. It is " +
			"marked sensitive, but whoever can read the state can read it: keep the state in an encrypted, access-controlled " +
			"backend.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Label for people, 1 to 128 printable characters. It need not be unique.",
				Validators:          []validator.String{attribute.Rule("1 to 128 printable characters", tokens.ValidateLabel)},
			},
			"description": attribute.Description("What the token is for."),
			"technical_user_id": schema.StringAttribute{
				Optional: true,
				Computed: true,
				MarkdownDescription: "Identifier of the technical user that the token belongs to and whose roles " +
					"it has. If you leave " +
					"it out, the system creates one for this token alone and deletes it with the token. Naming " +
					"another one forces replacement of the " +
					"token; removing the attribute does not. If it names the one that the system created, as after an import, a " +
					"replacement of the token is refused, since that one would be gone.",
				Validators: []validator.String{attribute.IDRule(tokens.KindTechnicalUser)},
			},
			"group_id": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Identifier of the group in which the system creates the technical user; " +
					"leave it out for the " +
					"organization level. Excludes `technical_user_id`, unless that is this technical user. A change " +
					"forces replacement of the token.",
				Validators: []validator.String{attribute.IDRule(tokens.KindGroup)},
			},
			"role": attribute.Role(schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Role that the token may use at most: it narrows the roles of the " +
					"technical user and adds " +
					"nothing to them. If the system creates that user, it is the user's role (`member` by default). One of " +
					attribute.KnownRoles,
			}),
			"group_roles": attribute.GroupRoles("Roles that the token may use at most in single groups, in " +
				"addition to `role`; " +
				"without `role` it then has none at the organization level, unless the system creates the " +
				"technical user. Only for " +
				"tokens at the organization level."),
			"visibility": schema.StringAttribute{
				Optional: true,
				Computed: true,
				Default:  stringdefault.StaticString(string(tokens.VisibilityOrganization)),
				MarkdownDescription: "Who may know of the token: `organization` (everyone who may read " +
					"tokens at its level; the " +
					"default) or `restricted` (owners, the account that made it, and those it is shared with by " +
					"`latchkey_token_share`).",
				Validators: []validator.String{attribute.RuleForKnown("organization or restricted", validateVisibility)},
			},
			"enabled": schema.BoolAttribute{
				Optional: true,
				Computed: true,
				Default:  booldefault.StaticBool(true),
				MarkdownDescription: "Whether the token works; the secret stays either way. Defaults to true. To " +
					"stop a token so that " +
					"no apply enables it again, use `latchkey token hold`.",
			},
			"activates_at": schema.StringAttribute{
				Optional:   true,
				CustomType: customtypes.TimestampType{},
				MarkdownDescription: "When the token becomes active (RFC 3339). Until then it is `pending` and " +
					"refused. Defaults to " +
					"at once.",
			},
			"expires_at": schema.StringAttribute{
				Optional:   true,
				CustomType: customtypes.TimestampType{},
				MarkdownDescription: "When the token expires (RFC 3339), whatever its secret. Defaults to never. " +
					"Excludes `ttl`. It must " +
					"lie in the future when you set it; once it has passed, it is left alone. The plan of a new token with an " +
					"end that has passed warns, and the apply fails; a plan that replaces or regenerates a token past its end fails.",
			},
			"ttl": schema.StringAttribute{
				Optional:   true,
				CustomType: customtypes.DurationType{},
				MarkdownDescription: "How long each new secret lives, such as `90d`, `36h` or `1h30m`; `on_expired` " +
					"says what follows. " +
					"Excludes `expires_at`. A change counts anew from the current secret; one that would end it at " +
					"once regenerates it " +
					"or is refused.",
			},
			"regenerate_before_expiry": schema.StringAttribute{
				Optional:   true,
				CustomType: customtypes.DurationType{},
				MarkdownDescription: "How long before the end of a secret the next apply regenerates it, such as " +
					"`14d`. Needs `ttl` and " +
					"must be shorter. Plan at least once within that time. A token that is disabled, held or " +
					"pending is never due. With `token_wo`, each plan within that time warns which number to raise.",
			},
			"on_expired": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "What a plan does once the secret has expired: `regenerate` (the default " +
					"with `ttl`), `ignore` " +
					"(warn only; the default without `ttl`, and with `token_wo`) or `error` (fail). With `expires_at` or " +
					"`token_wo`, only the latter two. A token that is " +
					"disabled, held or pending is left alone.",
			},
			"on_secret_drift": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "What a plan does once the secret was regenerated or revoked outside " +
					"Terraform: `regenerate` (the " +
					"default), `accept` (warn, leave the other secret alone and set `token` to null) or `error` (fail; the " +
					"default with `token_wo`, where `regenerate` is refused).",
			},
			"grace_period": schema.StringAttribute{
				Optional:   true,
				CustomType: customtypes.GracePeriodType{},
				MarkdownDescription: "How long the previous secret stays valid after a regeneration: a duration such " +
					"as `2d`, `0s` (not " +
					"at all; the default), or `until_expiry` (as long as it would have lived; needs `ttl` or " +
					"`expires_at`). The next " +
					"regeneration ends it.",
			},
			"protect_if_used_within": schema.StringAttribute{
				Optional:   true,
				CustomType: customtypes.DurationType{},
				MarkdownDescription: "Refuses to destroy, replace or disable the token, and to regenerate it without " +
					"`grace_period`, if " +
					"it was used within this time, such as `1d`; at least `2m`. To destroy or replace a token in use, remove the " +
					"attribute in an apply " +
					"of its own first.",
			},
			"token_wo": schema.StringAttribute{
				Optional:  true,
				WriteOnly: true,
				Sensitive: true,
				MarkdownDescription: "The secret itself, where you bring it: 32 to 512 letters, digits and `-._~+/` (with `=` at the " +
					"end), hard to guess. It is write-only, so no plan and no state holds it, and `token` stays null. Needs " +
					"`token_wo_version`; excludes `regenerate_triggers`, and `regenerate` in `on_expired` and `on_secret_drift`. The " +
					"value may come from an ephemeral resource, such as one that reads a secret store. Removing it keeps the secret.",
			},
			"token_wo_version": schema.Int64Attribute{
				Optional:   true,
				CustomType: customtypes.WholeNumberType{},
				MarkdownDescription: "Whole number of the value in `token_wo`, which Terraform can't compare: raise it to set a new one. " +
					"Setting the present value again only records the number. The first number after an import adopts the secret " +
					"that is there, which `token_wo` has to match; without `token_wo`, a number is only recorded.",
			},
			"secret_in_state": schema.BoolAttribute{
				Optional: true,
				MarkdownDescription: "Whether the state holds the secret that Terraform makes, in `token`. Defaults to true. With " +
					"false, `token` is null, and `encrypt_to` or `token_wo` is needed. States from before keep it until a regeneration.",
			},
			"encrypt_to": schema.SetAttribute{
				Optional:    true,
				ElementType: types.StringType,
				MarkdownDescription: "Who can read `encrypted_token`: recipients of [age](https://age-encryption.org), each a public " +
					"key `age1…` or `ssh-ed25519 …`. Another set takes effect at once where the state holds the secret, else with the " +
					"next one. Whoever was removed knows the present secret until a regeneration.",
			},
			"regenerate_triggers": schema.MapAttribute{
				Optional:    true,
				ElementType: types.StringType,
				MarkdownDescription: "Any texts; changing one regenerates the token: the same `id` with a new " +
					"secret, and the old one " +
					"refused at once or after `grace_period`. Setting the first trigger, or removing the last, is only " +
					"recorded: null, an empty map and a trigger that is null are all no trigger.",
			},
			"replace_triggers": schema.MapAttribute{
				Optional:    true,
				ElementType: types.StringType,
				MarkdownDescription: "Any texts; changing one forces replacement of the token: a new `id` and a new secret. With " +
					"`create_before_destroy`, the old token works until the new one exists. Setting the first trigger, " +
					"or removing the last, is only recorded, as with `regenerate_triggers`.",
			},

			"id":           attribute.ComputedText("Identifier of the token (`tok_…`). It is not a credential."),
			"qualified_id": attribute.ComputedText("E-mail address of the technical user and identifier: `<email>_<id>`."),
			"token": schema.StringAttribute{
				Computed:            true,
				Sensitive:           true,
				MarkdownDescription: "The secret. Null after an import, because it can't be read back.",
			},
			"encrypted_token": attribute.ComputedText("The secret, encrypted for the recipients in `encrypt_to` as armored text: " +
				"`age -d` reads it. Null without `encrypt_to`."),
			"token_preview": attribute.ComputedText("First 10 characters of the secret, to recognize it by; the first " +
				"4 of one that was brought and has not Latchkey's form."),
			"secret_version": schema.Int64Attribute{
				Computed:            true,
				MarkdownDescription: "Number of the current secret, from 1; each new secret raises it.",
			},
			"secret_expires_at": attribute.ComputedTimestamp("When the current secret expires, by `expires_at` or `ttl`",
				"null for never"),
			"previous_secret_expires_at": attribute.ComputedTimestamp("When the grace of the previous secret ends or ended",
				"null if it ended with the regeneration or was ended since, and for a first secret"),
			"regeneration_reason": attribute.ComputedText("Why Terraform last regenerated the token: `trigger` (a value of " +
				"`regenerate_triggers` changed, or `token_wo_version` rose), `schedule` (by `regenerate_before_expiry`), `expired` (it " +
				"outlived its `ttl`) or " +
				"`drift` (regenerated or revoked outside Terraform). Known in the plan."),
			"status": attribute.ComputedText("Whether requests with the token succeed, as of the last " +
				"refresh: `active`, or why " +
				"not: `pending`, `disabled`, `held`, `expired` or `revoked`."),
			"created_at": attribute.ComputedTimestamp("When the token was created"),
			"regenerated_at": attribute.ComputedTimestamp("When the current secret replaced another",
				"null for a first secret"),
		},
	}
}

// validateVisibility checks that a visibility exists.
func validateVisibility(field, value string) error {
	return tokens.ValidateVisibility(field, tokens.Visibility(value))
}

// shownAttributes describe an access token in data sources.
func shownAttributes() map[string]shown.Attribute {
	return map[string]shown.Attribute{
		"id":                   attribute.ShownText("Identifier of the token (`tok_…`). It is not a credential."),
		"qualified_id":         attribute.ShownText("E-mail address of the technical user and identifier: `<email>_<id>`."),
		"name":                 attribute.ShownText("Label for people. Several tokens may share one."),
		"description":          attribute.ShownText("What the token is for; null for none."),
		"technical_user_id":    attribute.ShownText("Identifier of the technical user that the token belongs to."),
		"technical_user_email": attribute.ShownText("E-mail address of that technical user."),
		"group_id": attribute.ShownText("Identifier of the group that the token belongs to; null at the organization " +
			"level."),
		"role": attribute.ShownText("Role set on the token itself, which narrows those of its technical " +
			"user; null for none. " +
			"`grants` shows the result."),
		"group_roles": attribute.ShownGroupRoles("Roles in single groups set on the token itself; null for none."),
		"grants": shown.SingleNestedAttribute{
			Computed:            true,
			MarkdownDescription: "Roles that the token can use now: those of its technical user, narrowed by its own.",
			Attributes: map[string]shown.Attribute{
				"role":        attribute.ShownText("Role in the whole organization; `none` for a token of a group."),
				"group_roles": attribute.ShownGroupRoles("Further roles in single groups."),
			},
		},
		"visibility": attribute.ShownText("Who may know of the token: `organization` (everyone who may " +
			"read tokens at its " +
			"level) or `restricted` (owners, the account that made it, and those it is shared with)."),
		"enabled":  attribute.ShownBool("Whether the token is enabled. It works only while its `status` is `active`."),
		"disabled": shownStop("Who disabled the token, and when; null while it is enabled."),
		"technical_user_disabled": shownStop("Who disabled its technical user, and with it the token; null while that is " +
			"enabled."),
		"held": shownStop("Who holds the token, since when and why; null while nobody does. Only " +
			"`latchkey token release` " +
			"ends a hold."),
		"activates_at": attribute.ShownTimestamp("When the token becomes active", "null for at once"),
		"expires_at":   attribute.ShownTimestamp("When the token expires, whatever its secret", "null for never"),
		"ttl":          attribute.ShownDuration("How long each new secret lives, such as `90d`; null for no such limit."),
		"regenerate_before_expiry": attribute.ShownDuration("How long before its end Terraform " +
			"regenerates a secret; null " +
			"for not before its end."),
		"on_expired": attribute.ShownText("What Terraform does about an expired secret: `regenerate`, " +
			"`ignore` or `error`; " +
			"null for the default."),
		"on_secret_drift": attribute.ShownText("What Terraform does about a secret that was changed elsewhere: " +
			"`regenerate`, `accept` or `error`; null for the default."),
		"grace_period": shown.StringAttribute{
			Computed:   true,
			CustomType: customtypes.GracePeriodType{},
			MarkdownDescription: "How long the previous secret stays valid after a regeneration, such as `7d` or " +
				"`until_expiry`; null for not at all.",
		},
		"protect_if_used_within": attribute.ShownDuration("How long after its last use Terraform " +
			"refuses to take the token " +
			"from its users; null for no such protection."),
		"previous_secret": shown.SingleNestedAttribute{
			Computed: true,
			MarkdownDescription: "The previous secret, if it was given a grace period; null if it ended " +
				"with the regeneration " +
				"or was ended since.",
			Attributes: map[string]shown.Attribute{
				"version": shown.Int64Attribute{Computed: true, MarkdownDescription: "Its number."},
				"token_preview": attribute.ShownText("Its first 10 characters; the first " +
					"4 of one that was brought and has not Latchkey's form."),
				"expires_at":   attribute.ShownTimestamp("When its grace ends or ended"),
				"last_used_at": attribute.ShownTimestamp("When it was last used", "null for never"),
			},
		},
		"token_preview": attribute.ShownText("First 10 characters of the secret, to recognize it by; the first " +
			"4 of one that was brought and has not Latchkey's form."),
		"secret_version": shown.Int64Attribute{
			Computed:            true,
			MarkdownDescription: "Number of the current secret, from 1; each new secret raises it.",
		},
		"secret_expires_at": attribute.ShownTimestamp("When the current secret expires, by `expires_at` or `ttl`",
			"null for never"),
		"status": attribute.ShownText("Whether requests with the token succeed: `active`, or why not: `pending`, " +
			"`disabled`, `held`, `expired` or `revoked`."),
		"ephemeral": attribute.ShownBool("Whether the token was made for one run. Only `latchkey_access_tokens` shows such " +
			"tokens, with `include_ephemeral`."),
		"created_at":     attribute.ShownTimestamp("When the token was created"),
		"updated_at":     attribute.ShownTimestamp("When the token was last changed"),
		"regenerated_at": attribute.ShownTimestamp("When the current secret replaced another", "null for a first secret"),
		"last_used_at": attribute.ShownTimestamp("When the token was last used, with either of its secrets: when "+
			"`latchkey serve` last found it good for a gateway or an API, which shows up to 45 seconds later", "null for never"),
		"use_count": shown.Int64Attribute{Computed: true, MarkdownDescription: "How often it was used."},
	}
}

// shownStop describes who stopped something.
func shownStop(description string) shown.SingleNestedAttribute {
	return shown.SingleNestedAttribute{
		Computed:            true,
		MarkdownDescription: description,
		Attributes: map[string]shown.Attribute{
			"by":     attribute.ShownText("Who did it, as in `latchkey_events`."),
			"at":     attribute.ShownTimestamp("When that was"),
			"reason": attribute.ShownText("Why, in the words of whoever did it; null if nobody asked."),
		},
	}
}

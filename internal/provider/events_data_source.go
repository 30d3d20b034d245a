package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/customtypes"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

var (
	_ datasource.DataSource              = (*eventsDataSource)(nil)
	_ datasource.DataSourceWithConfigure = (*eventsDataSource)(nil)
)

type eventsDataSource struct{ managed.Reader }

func newEventsDataSource() datasource.DataSource { return &eventsDataSource{} }

type eventsModel struct {
	ObjectID types.String            `tfsdk:"object_id"`
	Actor    types.String            `tfsdk:"actor"`
	Action   types.String            `tfsdk:"action"`
	Outcome  types.String            `tfsdk:"outcome"`
	Run      types.String            `tfsdk:"run"`
	Since    customtypes.Timestamp   `tfsdk:"since"`
	Until    customtypes.Timestamp   `tfsdk:"until"`
	Limit    customtypes.WholeNumber `tfsdk:"limit"`
	Events   types.List              `tfsdk:"events"`
}

type eventModel struct {
	ID         types.String          `tfsdk:"id"`
	At         customtypes.Timestamp `tfsdk:"at"`
	Actor      types.String          `tfsdk:"actor"`
	Action     types.String          `tfsdk:"action"`
	ClaimedRun types.String          `tfsdk:"claimed_run"`
	ObjectID   types.String          `tfsdk:"object_id"`
	ObjectName types.String          `tfsdk:"object_name"`
	Outcome    types.String          `tfsdk:"outcome"`
	Detail     types.String          `tfsdk:"detail"`
	Details    types.Object          `tfsdk:"details"`
}

type eventDetailsModel struct {
	Changes                 types.List            `tfsdk:"changes"`
	Reason                  types.String          `tfsdk:"reason"`
	Code                    types.String          `tfsdk:"code"`
	Field                   types.String          `tfsdk:"field"`
	Permissions             types.Set             `tfsdk:"permissions"`
	SecretVersion           types.Int64           `tfsdk:"secret_version"`
	PreviousSecretExpiresAt customtypes.Timestamp `tfsdk:"previous_secret_expires_at"`
	LastUsedAt              customtypes.Timestamp `tfsdk:"last_used_at"`
	EventsDeleted           types.Int64           `tfsdk:"events_deleted"`
	EventsDeletedBefore     customtypes.Timestamp `tfsdk:"events_deleted_before"`
	Checkpoint              types.String          `tfsdk:"checkpoint"`
}

type changeModel struct {
	Setting types.String `tfsdk:"setting"`
	From    types.String `tfsdk:"from"`
	To      types.String `tfsdk:"to"`
}

// showEvent returns what is shown of an event.
func showEvent(e tokens.Event) eventModel {
	return eventModel{
		ID:         types.StringValue(e.ID),
		At:         customtypes.TimestampOf(e.At),
		Actor:      attribute.Text(string(e.Actor)),
		Action:     types.StringValue(string(e.Action)),
		ClaimedRun: attribute.TextOrNull(e.ClaimedRun),
		ObjectID:   attribute.TextOrNull(e.ObjectID),
		ObjectName: attribute.TextOrNull(e.ObjectName),
		Outcome:    types.StringValue(string(e.Outcome)),
		Detail:     attribute.TextOrNull(e.Detail),
		Details:    attribute.ObjectOrNull(shownDetailsAttributes(), e.Details, e.Details.IsZero(), showDetails),
	}
}

// showDetails returns what is shown of the details of an event.
func showDetails(d tokens.EventDetails) eventDetailsModel {
	return eventDetailsModel{
		Changes:                 attribute.ListOf(shownChangeAttributes(), d.Changes, showChange),
		Reason:                  attribute.TextOrNull(d.Reason),
		Code:                    attribute.TextOrNull(string(d.Code)),
		Field:                   attribute.TextOrNull(d.Field),
		Permissions:             permissionsValue(d.Permissions),
		SecretVersion:           numberOrNull(d.SecretVersion),
		PreviousSecretExpiresAt: customtypes.TimestampOf(d.PreviousSecretExpiresAt),
		LastUsedAt:              customtypes.TimestampOf(d.LastUsedAt),
		EventsDeleted:           numberOrNull(d.EventsDeleted),
		EventsDeletedBefore:     customtypes.TimestampOf(d.EventsDeletedBefore),
		Checkpoint:              attribute.TextOrNull(d.Checkpoint),
	}
}

func showChange(c tokens.Change) changeModel {
	return changeModel{
		Setting: types.StringValue(c.Setting), From: attribute.TextOrNull(c.From), To: attribute.TextOrNull(c.To),
	}
}

// numberOrNull returns a number that counts from 1; zero is null.
func numberOrNull(n int64) types.Int64 {
	if n == 0 {
		return types.Int64Null()
	}
	return types.Int64Value(n)
}

func (d *eventsDataSource) Metadata(
	_ context.Context, _ datasource.MetadataRequest, resp *datasource.MetadataResponse,
) {
	resp.TypeName = "latchkey_events"
}

func (d *eventsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "The audit log: who changed what and when, and what was refused, looks included. No event " +
			"holds a secret.\n\n" +
			"With the provider's `act_as` or `endpoint`, only events about what you may see are listed. While there is no " +
			"database yet, the list is empty. Every change adds events, so filter them if what you derive from them is to " +
			"stay the same in each run.",
		Attributes: map[string]schema.Attribute{
			"object_id": attribute.Filter("Only events about the object with this identifier: an access token, technical " +
				"user, member, group, role or token share, even one that was deleted. Those of an access token include those " +
				"of its shares and, while it exists, of its technical user."),
			"actor": attribute.Filter("Only what this actor did. `*` stands for any text."),
			"action": attribute.Filter("Only this action, as in `access_token.hold`. `*` stands for any text, as in "+
				"`access_token.*`.", attribute.Rule("a known action", tokens.ValidateActionPattern)),
			"outcome": attribute.Filter("Only `done` or only `refused`.",
				attribute.Rule("an outcome", tokens.ValidateOutcome)),
			"run": attribute.Filter("Only what was done in this run of a pipeline (`claimed_run`). `*` stands for any text."),
			"since": schema.StringAttribute{
				Optional:            true,
				CustomType:          customtypes.TimestampType{},
				MarkdownDescription: "Only events from this time on (RFC 3339).",
			},
			"until": schema.StringAttribute{
				Optional:            true,
				CustomType:          customtypes.TimestampType{},
				MarkdownDescription: "Only events before this time (RFC 3339).",
			},
			"limit": attribute.CountFilter("How many events to list at most, the latest ones. By default, or " +
				"with 0, all of them."),
			"events": attribute.ShownList(shownEventAttributes(), "The events, the oldest first."),
		},
	}
}

// shownEventAttributes are the schema of an eventModel.
func shownEventAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id": attribute.ShownText("Identifier of the event (`evt_…`)."),
		"at": attribute.ShownTimestamp("When it happened"),
		"actor": attribute.ShownText("Who did it: `local:<user>@<host>` for someone who opened the database, " +
			"the e-mail address of a member (`act_as`), or the `qualified_id` of the access token by which a server was asked."),
		"action": attribute.ShownText("What was done, as in `access_token.regenerate`."),
		"claimed_run": attribute.ShownText("The run of a pipeline in which the actor claimed to work: `LATCHKEY_RUN`, or " +
			"what GitHub Actions, GitLab CI, HCP Terraform or Atlantis set. Whoever starts a run sets its environment, so " +
			"nothing proves it. Null if there is none."),
		"object_id":   attribute.ShownText("Identifier of the object concerned; null if a refused creation made none."),
		"object_name": attribute.ShownText("Name of that object at the time; null if unknown."),
		"outcome":     attribute.ShownText("`done`, or `refused`."),
		"detail":      attribute.ShownText("What changed, why, or why it was refused; null if there is nothing to add."),
		"details": schema.SingleNestedAttribute{
			Computed:   true,
			Attributes: shownDetailsAttributes(),
			MarkdownDescription: "The facts in `detail`, each null where it does not apply; null if there are none, as in " +
				"events that an older release wrote.",
		},
	}
}

// shownDetailsAttributes are the schema of an eventDetailsModel.
func shownDetailsAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"changes": attribute.ShownList(shownChangeAttributes(), "The settings that were changed."),
		"reason": attribute.ShownText("Why: what was said when a token was put on hold, why a secret was regenerated, or " +
			"what led to it."),
		"code":  attribute.ShownText("Why it was refused: `forbidden`, `not_found`, `conflict` or `invalid`."),
		"field": attribute.ShownText("The setting because of which it was refused."),
		"permissions": schema.SetAttribute{
			Computed: true, ElementType: types.StringType, MarkdownDescription: "The permissions that the actor lacked.",
		},
		"secret_version": schema.Int64Attribute{
			Computed: true,
			MarkdownDescription: "Version of the secret that a regeneration made, of the previous one that ended, or of one that " +
				"somebody presented after it had ended or was stopped.",
		},
		"previous_secret_expires_at": attribute.ShownTimestamp("Until when the previous secret stays valid",
			"null if it ended at once"),
		"last_used_at": attribute.ShownTimestamp("When the secret that was replaced, or that ended, was last used",
			"null if never"),
		"events_deleted": schema.Int64Attribute{
			Computed: true, MarkdownDescription: "How many events were deleted.",
		},
		"events_deleted_before": attribute.ShownTimestamp("Before when those happened"),
		"checkpoint": schema.StringAttribute{
			Computed: true, MarkdownDescription: "Head of the history at the last of those: its number, a colon, and the hash that " +
				"covers it and all before it.",
		},
	}
}

// shownChangeAttributes are the schema of a changeModel.
func shownChangeAttributes() map[string]schema.Attribute {
	const both = "; null if it was not set, and both are null where they are left out, as of descriptions"
	return map[string]schema.Attribute{
		"setting": attribute.ShownText("Name of the setting, as in the resource."),
		"from":    attribute.ShownText("Its value before" + both + "."),
		"to":      attribute.ShownText("Its value after" + both + "."),
	}
}

// validateObjectID checks that a text identifies something that events can be about.
func validateObjectID(field, value string) error {
	if tokens.KindOf(value) == "" {
		return tokens.Invalid(field,
			"%q is not the identifier of an object: use the id attribute of a resource, as in "+
				"latchkey_access_token.deploy.id", value)
	}
	return nil
}

func (d *eventsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config eventsModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	attribute.Require("object_id", config.ObjectID, &resp.Diagnostics, validateObjectID)
	config.Since.Require("since", &resp.Diagnostics)
	config.Until.Require("until", &resp.Diagnostics)
	config.Limit.Require("limit", &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	events := managed.AskForList(&d.Reader, tokens.KindEvent, &resp.Diagnostics,
		func(b tokens.Backend) ([]tokens.Event, error) {
			return b.Events(ctx, tokens.EventQuery{
				ObjectID: config.ObjectID.ValueString(),
				Actor:    config.Actor.ValueString(),
				Action:   config.Action.ValueString(),
				Outcome:  tokens.Outcome(config.Outcome.ValueString()),
				Run:      config.Run.ValueString(),
				Since:    config.Since.Value(),
				Until:    config.Until.Value(),
				Limit:    attribute.Count(config.Limit),
			})
		})
	if resp.Diagnostics.HasError() {
		return
	}
	config.Events = attribute.ListOf(shownEventAttributes(), events, showEvent)
	resp.Diagnostics.Append(resp.State.Set(ctx, config)...)
}

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
	ObjectID types.String          `tfsdk:"object_id"`
	Since    customtypes.Timestamp `tfsdk:"since"`
	Limit    types.Int64           `tfsdk:"limit"`
	Events   types.List            `tfsdk:"events"`
}

type eventModel struct {
	ID         types.String          `tfsdk:"id"`
	At         customtypes.Timestamp `tfsdk:"at"`
	Actor      types.String          `tfsdk:"actor"`
	Action     types.String          `tfsdk:"action"`
	ObjectID   types.String          `tfsdk:"object_id"`
	ObjectName types.String          `tfsdk:"object_name"`
	Outcome    types.String          `tfsdk:"outcome"`
	Detail     types.String          `tfsdk:"detail"`
}

// showEvent returns what is shown of an event.
func showEvent(e tokens.Event) eventModel {
	return eventModel{
		ID:         types.StringValue(e.ID),
		At:         customtypes.TimestampOf(e.At),
		Actor:      attribute.Text(string(e.Actor)),
		Action:     types.StringValue(string(e.Action)),
		ObjectID:   attribute.TextOrNull(e.ObjectID),
		ObjectName: attribute.TextOrNull(e.ObjectName),
		Outcome:    types.StringValue(string(e.Outcome)),
		Detail:     attribute.TextOrNull(e.Detail),
	}
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
			"With the provider's `act_as`, only events about what this member may see are listed. While there is no " +
			"database yet, the list is empty. Every change adds events, so filter them if what you derive from them is to " +
			"stay the same in each run.",
		Attributes: map[string]schema.Attribute{
			"object_id": attribute.Filter("Only events about the object with this identifier: an access token, technical " +
				"user, member, group, role or token share, even one that was deleted."),
			"since": schema.StringAttribute{
				Optional:            true,
				CustomType:          customtypes.TimestampType{},
				MarkdownDescription: "Only events from this time on (RFC 3339).",
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
		"actor": attribute.ShownText("Who did it: `local:<user>@<host>` for someone who opened the database, or " +
			"the e-mail address of a member (`act_as`)."),
		"action":      attribute.ShownText("What was done, as in `access_token.regenerate`."),
		"object_id":   attribute.ShownText("Identifier of the object concerned; null if a refused creation made none."),
		"object_name": attribute.ShownText("Name of that object at the time; null if unknown."),
		"outcome":     attribute.ShownText("`done`, or `refused`."),
		"detail":      attribute.ShownText("What changed, why, or why it was refused; null if there is nothing to add."),
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
	if resp.Diagnostics.HasError() {
		return
	}
	events := managed.AskForList(&d.Reader, tokens.KindEvent, &resp.Diagnostics,
		func(b tokens.Backend) ([]tokens.Event, error) {
			return b.Events(ctx, tokens.EventQuery{
				ObjectID: config.ObjectID.ValueString(),
				Since:    config.Since.Value(),
				Limit:    attribute.Count(config.Limit),
			})
		})
	if resp.Diagnostics.HasError() {
		return
	}
	config.Events = attribute.ListOf(shownEventAttributes(), events, showEvent)
	resp.Diagnostics.Append(resp.State.Set(ctx, config)...)
}

package httpapi

import (
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// event is an entry in the audit log.
type event struct {
	ID         string       `json:"id" jsonschema:"The identifier of the event."`
	At         instant      `json:"at" jsonschema:"When it happened."`
	Actor      string       `json:"actor" jsonschema:"Who did it, or tried to."`
	Action     string       `json:"action" jsonschema:"What was done: a kind of object and a verb."`
	ClaimedRun string       `json:"claimed_run,omitempty" jsonschema:"The run of a pipeline in which the actor claimed to work. Nothing proves it."`
	ObjectID   string       `json:"object_id,omitempty" jsonschema:"The object concerned; absent if a creation was refused."`
	ObjectName string       `json:"object_name,omitempty" jsonschema:"The name of that object at the time."`
	Outcome    string       `json:"outcome" jsonschema:"done or refused."`
	Detail     string       `json:"detail,omitempty" jsonschema:"What changed, why, or why it was refused, for people."`
	Details    eventDetails `json:"details" jsonschema:"The same for programs."`
}

// eventDetails are the facts of an event, each of them absent where it does not apply.
type eventDetails struct {
	Changes                 []settingChange `json:"changes,omitempty" jsonschema:"The settings that were changed."`
	Reason                  string          `json:"reason,omitempty" jsonschema:"Why somebody did it."`
	Code                    string          `json:"code,omitempty" jsonschema:"The code of the error by which it was refused."`
	Field                   string          `json:"field,omitempty" jsonschema:"The field of that error."`
	Permissions             []string        `json:"permissions,omitempty" jsonschema:"The permissions that the caller lacked."`
	SecretVersion           int64           `json:"secret_version,omitempty" jsonschema:"The version of the secret that was made, that ended, or that was presented and refused."`
	PreviousSecretExpiresAt instant         `json:"previous_secret_expires_at,omitzero" jsonschema:"Until when a regeneration leaves the previous secret valid."`
	LastUsedAt              instant         `json:"last_used_at,omitzero" jsonschema:"When the secret that was replaced, or that ended, was last used."`
	EventsDeleted           int64           `json:"events_deleted,omitempty" jsonschema:"How many events were deleted."`
	EventsDeletedBefore     instant         `json:"events_deleted_before,omitzero" jsonschema:"The time before which they were written."`
	Checkpoint              string          `json:"checkpoint,omitempty" jsonschema:"The head of the history at the last of them."`
}

// settingChange is a setting with its values before and after.
type settingChange struct {
	Setting string `json:"setting" jsonschema:"The name of the setting."`
	From    string `json:"from,omitempty" jsonschema:"Its value before; absent for none, and where it is left out."`
	To      string `json:"to,omitempty" jsonschema:"Its value after; absent for none, and where it is left out."`
}

func eventOf(e tokens.Event) event {
	d := e.Details
	details := eventDetails{
		Reason: d.Reason, Code: string(d.Code), Field: d.Field, Permissions: d.Permissions, SecretVersion: d.SecretVersion,
		PreviousSecretExpiresAt: instant{d.PreviousSecretExpiresAt}, LastUsedAt: instant{d.LastUsedAt},
		EventsDeleted: d.EventsDeleted, EventsDeletedBefore: instant{d.EventsDeletedBefore},
		Checkpoint: d.Checkpoint,
	}
	for _, change := range d.Changes {
		details.Changes = append(details.Changes, settingChange(change))
	}
	return event{
		e.ID, instant{e.At}, string(e.Actor), string(e.Action), e.ClaimedRun, e.ObjectID, e.ObjectName, string(e.Outcome),
		e.Detail, details,
	}
}

func (e event) domain() (tokens.Event, error) {
	d := e.Details
	details := tokens.EventDetails{
		Reason: d.Reason, Code: tokens.Code(d.Code), Field: d.Field, Permissions: d.Permissions, SecretVersion: d.SecretVersion,
		PreviousSecretExpiresAt: d.PreviousSecretExpiresAt.Time, LastUsedAt: d.LastUsedAt.Time,
		EventsDeleted: d.EventsDeleted, EventsDeletedBefore: d.EventsDeletedBefore.Time,
		Checkpoint: d.Checkpoint,
	}
	for _, change := range d.Changes {
		details.Changes = append(details.Changes, tokens.Change(change))
	}
	return tokens.Event{
		ID: e.ID, At: e.At.Time, Actor: tokens.Actor(e.Actor), Action: tokens.Action(e.Action), ClaimedRun: e.ClaimedRun,
		ObjectID: e.ObjectID, ObjectName: e.ObjectName, Outcome: tokens.Outcome(e.Outcome), Detail: e.Detail, Details: details,
	}, nil
}

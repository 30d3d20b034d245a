package provider

import (
	"context"
	"encoding/json"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// factsKey is where facts lie in a resource's private state.
const factsKey = "f"

// facts are what an operation observed and a later plan decides by, kept in private state beside the attributes. The keys
// are short since Terraform writes the whole state anew after each change of a resource, and base64 makes each letter
// of them almost two.
type facts struct {
	// Database identifies the database that the object lives in.
	Database string `json:"db"`
	// HeldVersion is the version of the secret that the state holds. Zero before the first observation.
	HeldVersion int64 `json:"v,omitempty"`
	// HeldMade is when that secret was made, in microseconds since 1970: in a database that was restored from a backup
	// another secret may have its version. Zero in states of earlier versions that were not read since.
	HeldMade int64 `json:"s,omitempty"`
	// Revoked tells that the secret was ended outside Terraform. It stays ended, whatever a restored database says.
	Revoked bool `json:"revoked,omitempty"`
	// ObservedAt is when an access token that expires was last looked at.
	ObservedAt time.Time `json:"at,omitzero"`
	// UsedAt is when the current secret of an access token was last used, PreviousUsedAt the one before it where that has a
	// grace, and Uses how often any of its secrets was.
	UsedAt         time.Time `json:"u,omitzero"`
	PreviousUsedAt time.Time `json:"pu,omitzero"`
	Uses           int64     `json:"n,omitempty"`
	// Revived tells that the secret before the current one ends later than the state knew. An older database was restored.
	Revived bool `json:"revived,omitempty"`
	// Held says who holds the access token. A hold whose release was not seen stays recorded when it has gone.
	Held *tokens.Stop `json:"held,omitempty"`
	// Disabled says who disabled outside Terraform what the state says is enabled.
	Disabled *tokens.Stop `json:"disabled,omitempty"`
}

// privateReader and privateWriter are what the framework's requests and responses hold as private state; its type is
// internal to the framework.
type (
	privateReader interface {
		GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
	}
	privateWriter interface {
		SetKey(ctx context.Context, key string, value []byte) diag.Diagnostics
	}
)

// readFacts returns the recorded facts, or none where none were recorded yet.
func readFacts(ctx context.Context, private privateReader, diags *diag.Diagnostics) facts {
	var f facts
	data, d := private.GetKey(ctx, factsKey)
	diags.Append(d...)
	if len(data) == 0 {
		return f
	}
	if err := json.Unmarshal(data, &f); err != nil {
		diags.AddError("Unable to read private state", "The facts beside the state are damaged ("+err.Error()+"): restore the state from a backup, or remove the resource from it and import it again.")
	}
	return f
}

// write records the facts.
func (f facts) write(ctx context.Context, private privateWriter, diags *diag.Diagnostics) {
	data, err := json.Marshal(f)
	if err != nil {
		diags.AddError("Unable to write private state", err.Error())
		return
	}
	diags.Append(private.SetKey(ctx, factsKey, data)...)
}

// recordDatabase records which database a new object lives in.
func (f *facts) recordDatabase(ctx context.Context, backend tokens.Backend) error {
	database, err := backend.Database(ctx)
	f.Database = database.ID
	return err
}

// recordSwitch records who disabled an object. Where the state says that it is disabled, and no other hand was recorded
// before, that was Terraform itself. After an import the state says nothing.
func (f *facts) recordSwitch(enabled types.Bool, disabled *tokens.Stop) {
	byTerraform := !enabled.IsNull() && !enabled.ValueBool() && f.Disabled == nil
	if disabled == nil || !byTerraform {
		f.Disabled = disabled
	}
}

package managed

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// FactsKey is where facts lie in a resource's private state.
const FactsKey = "f"

// Facts are what an operation observed of an object and a later plan decides by, kept in private state beside the
// attributes. An object that records more embeds them in a struct of its own. The keys are short because Terraform
// writes the whole state anew after each change of a resource, and base64 makes each letter of them almost two.
type Facts struct {
	// Database identifies the database that the object lives in.
	Database string `json:"db"`
	// Mark is the text of the newest mark that the database had when the object was last changed or read. A database that
	// lacks it is an older copy. Empty in states of earlier versions that were not read since.
	Mark string `json:"m,omitempty"`
	// Disabled says who disabled, outside Terraform, what the state says is enabled.
	Disabled *tokens.Stop `json:"disabled,omitempty"`
}

// recorded is Facts, or a struct that embeds them.
type recorded interface{ common() *Facts }

func (f *Facts) common() *Facts { return f }

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

// ReadFacts reads the recorded facts into f, and leaves f as it is if none were recorded yet.
func ReadFacts(ctx context.Context, private privateReader, f recorded, diags *diag.Diagnostics) {
	data, d := private.GetKey(ctx, FactsKey)
	diags.Append(d...)
	if len(data) == 0 {
		return
	}
	if err := json.Unmarshal(data, f); err != nil {
		diags.AddError("Unable to read private state",
			"The facts beside the state are damaged ("+err.Error()+
				"): restore the state from a backup, or remove the resource from it and import it again.")
	}
}

// WriteFacts records the facts.
func WriteFacts(ctx context.Context, private privateWriter, f recorded, diags *diag.Diagnostics) {
	data, err := json.Marshal(f)
	if err != nil {
		diags.AddError("Unable to write private state", err.Error())
		return
	}
	diags.Append(private.SetKey(ctx, FactsKey, data)...)
}

// witness returns the witness of operations on the object, which expects the database that the facts are from.
func (f *Facts) witness() (*tokens.Witness, error) {
	expects, err := tokens.ParseMark(f.Database, f.Mark)
	return &tokens.Witness{Expects: expects}, err
}

// RecordMark records which database the object lives in and how far it goes, as the last operation saw it.
func (f *Facts) RecordMark(ctx context.Context) {
	if w := tokens.WitnessOf(ctx); w != nil && w.Saw.Database != "" {
		f.Database, f.Mark = w.Saw.Database, w.Saw.Text()
	}
}

// RecordSwitch records who disabled an object. If the state says that it is disabled, and nobody else was recorded
// before, that was Terraform itself. After an import the state says nothing.
func (f *Facts) RecordSwitch(enabled types.Bool, disabled *tokens.Stop) {
	byTerraform := !enabled.IsNull() && !enabled.ValueBool() && f.Disabled == nil
	if disabled == nil || !byTerraform {
		f.Disabled = disabled
	}
}

// WarnOfEnabling says that the plan enables again what someone disabled outside Terraform.
func WarnOfEnabling(f Facts, s diagnostics.Subject, state, plan types.Bool, diags *diag.Diagnostics) {
	if f.Disabled == nil || state.ValueBool() || !plan.ValueBool() {
		return
	}
	advice := "set enabled = false in the configuration"
	if s.Kind == tokens.KindAccessToken {
		advice += fmt.Sprintf(", or run \"latchkey token hold %s --reason …\", which no apply lifts", s.ID)
	}
	diags.AddWarning("Enabling what was disabled outside Terraform",
		fmt.Sprintf("%s was disabled by %s at %s, and this plan enables it again, as the configuration says.\n\nTo "+
			"keep it stopped, %s.",
			s, f.Disabled.Cleaned().By, tokens.FormatTimestamp(f.Disabled.At), advice))
}

package accesstoken_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	frameworkresource "github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/acctest"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// fleet is a provider of consumers of an access token, which get its value from Terraform.
type fleet struct {
	receive func(name, value string) error
}

var _ provider.Provider = fleet{}

func (f fleet) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "fleet"
}
func (fleet) Schema(context.Context, provider.SchemaRequest, *provider.SchemaResponse)          {}
func (fleet) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {}
func (fleet) DataSources(context.Context) []func() datasource.DataSource                        { return nil }

func (f fleet) Resources(context.Context) []func() frameworkresource.Resource {
	return []func() frameworkresource.Resource{func() frameworkresource.Resource { return consumer(f) }}
}

// consumer is one of them.
type consumer struct {
	receive func(name, value string) error
}

func (consumer) Metadata(_ context.Context, _ frameworkresource.MetadataRequest, resp *frameworkresource.MetadataResponse) {
	resp.TypeName = "fleet_consumer"
}

func (consumer) Schema(_ context.Context, _ frameworkresource.SchemaRequest, resp *frameworkresource.SchemaResponse) {
	resp.Schema = schema.Schema{Attributes: map[string]schema.Attribute{
		"name":  schema.StringAttribute{Required: true},
		"value": schema.StringAttribute{Required: true, Sensitive: true},
	}}
}

func (consumer) Read(context.Context, frameworkresource.ReadRequest, *frameworkresource.ReadResponse) {
}
func (consumer) Delete(context.Context, frameworkresource.DeleteRequest, *frameworkresource.DeleteResponse) {
}

func (c consumer) Create(
	ctx context.Context, req frameworkresource.CreateRequest, resp *frameworkresource.CreateResponse,
) {
	if err := c.receives(ctx, req.Plan); err != nil {
		resp.Diagnostics.AddError("The rollout failed", err.Error())
		return
	}
	resp.State.Raw = req.Plan.Raw
}

func (c consumer) Update(
	ctx context.Context, req frameworkresource.UpdateRequest, resp *frameworkresource.UpdateResponse,
) {
	if err := c.receives(ctx, req.Plan); err != nil {
		resp.Diagnostics.AddError("The rollout failed", err.Error())
		return
	}
	resp.State.Raw = req.Plan.Raw
}

func (c consumer) receives(ctx context.Context, plan tfsdk.Plan) error {
	var config struct {
		Name  string `tfsdk:"name"`
		Value string `tfsdk:"value"`
	}
	if diags := plan.Get(ctx, &config); diags.HasError() {
		return fmt.Errorf("%v", diags)
	}
	return c.receive(config.Name, config.Value)
}

// The previous value works until the last consumer has the new one, and is refused as soon as the apply is over. Where a
// consumer doesn't get the new one, it goes on working.
func TestRetireActionInRollout(t *testing.T) {
	b := acctest.New(t)
	var mu sync.Mutex
	var old string        // the value before the rollout
	var received []string // by whom, and whether the old value worked at the end of that
	broken := false
	receive := func(name, value string) error {
		if name == "slow" {
			time.Sleep(500 * time.Millisecond)
		}
		mu.Lock()
		defer mu.Unlock()
		if broken && name == "slow" {
			return errors.New("the disk is full")
		}
		received = append(received, fmt.Sprintf("%s %t %t", name, b.IsActive(value), old != "" && b.IsActive(old)))
		return nil
	}
	config := func(generation string) string {
		return b.Config(acctest.CIToken(fmt.Sprintf(`regenerate_triggers = { n = %q }`, generation),
			`grace_period = "30d"`) + `
resource "fleet_consumer" "quick" {
  name  = "quick"
  value = latchkey_access_token.ci.token
}

resource "fleet_consumer" "slow" {
  name  = "slow"
  value = latchkey_access_token.ci.token
}

resource "terraform_data" "rollout" {
  input      = latchkey_access_token.ci.secret_version
  depends_on = [fleet_consumer.quick, fleet_consumer.slow]

  lifecycle {
    action_trigger {
      events  = [after_create, after_update]
      actions = [action.latchkey_retire_previous_secret.ci]
    }
  }
}

action "latchkey_retire_previous_secret" "ci" {
  config {
    access_token_id = latchkey_access_token.ci.id
    secret_version  = latchkey_access_token.ci.secret_version
  }
}
`)
	}
	// rolledOut checks what each consumer received since the last time, and keeps the value.
	rolledOut := func(oldWorks bool) resource.TestCheckFunc {
		return func(s *terraform.State) error {
			mu.Lock()
			defer mu.Unlock()
			slices.Sort(received)
			got, want := strings.Join(received, ", "), fmt.Sprintf("quick true %t, slow true %t", oldWorks, oldWorks)
			if got != want {
				return fmt.Errorf("the consumers received: %s; want %s", got, want)
			}
			if old != "" && b.IsActive(old) {
				return errors.New("the old value works after the apply")
			}
			received, old = nil, acctest.SecretOf(s, acctest.CI)
			if !b.IsActive(old) {
				return errors.New("the new value doesn't work")
			}
			return nil
		}
	}
	var beforeFailure string
	b.RunWith(acctest.Beside{Oldest: tfversion.Version1_14_0, Providers: map[string]provider.Provider{"fleet": fleet{receive}}},
		resource.TestStep{Config: config("1"), Check: rolledOut(false)}, // for a new token, there is nothing to retire
		resource.TestStep{Config: config("2"), Check: rolledOut(true)},
		resource.TestStep{
			PreConfig: func() { broken, beforeFailure = true, old },
			Config:    config("3"), ExpectError: acctest.Says("the disk is full"),
		},
		resource.TestStep{
			PreConfig: func() {
				if !b.IsActive(beforeFailure) {
					t.Error("the old value has ended, and a consumer has no other one")
				}
				broken = false
			},
			Config: config("3"), Check: rolledOut(true),
		},
	)
	events, err := b.Outside.Events(t.Context(), tokens.EventQuery{
		Action: string(tokens.ActionAccessTokenRetirePrevious), Outcome: tokens.OutcomeDone,
	})
	b.Must(err)
	if len(events) != 2 {
		t.Errorf("%d previous secrets were retired, want 2", len(events))
	}
}

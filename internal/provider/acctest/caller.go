package acctest

import (
	"cmp"
	"context"
	"encoding/json"
	"math/big"
	"slices"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Caller calls a server as Terraform does.
type Caller struct {
	B         *Bench
	server    tfprotov6.ProviderServer
	Type      tftypes.Object
	decidable map[string]bool // computed attributes
	// Identifies sends the identity of the token, as Terraform does from 1.12 on: that of IdentifiesBy, if there is one,
	// otherwise that of the state.
	Identifies   bool
	IdentifiesBy *tfprotov6.DynamicValue
	identityType tftypes.Object
	actions      map[string]*tfprotov6.ActionSchema
}

// TypeName is what configurations call an access token.
const TypeName = "latchkey_access_token"

// NewCaller returns a caller of a server, configured for the bench's database.
func NewCaller(b *Bench, server tfprotov6.ProviderServer) *Caller {
	b.T.Helper()
	return newCaller(b, server, b.Place.Settings())
}

// NewCallerAs is NewCaller for a provider that works as the member with an address.
func NewCallerAs(b *Bench, server tfprotov6.ProviderServer, address string) *Caller {
	b.T.Helper()
	return newCaller(b, server, b.Place.memberSettings(address))
}

// NewCallerBy is NewCaller for a provider that asks the server of the bench's place by a value.
func NewCallerBy(b *Bench, server tfprotov6.ProviderServer, value tokens.Secret) *Caller {
	b.T.Helper()
	return newCaller(b, server, map[string]string{"endpoint": b.Place.server.address, "token": value.Reveal()})
}

func newCaller(b *Bench, server tfprotov6.ProviderServer, settings map[string]string) *Caller {
	b.T.Helper()
	ctx := context.Background()
	schemas, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	b.Must(err)
	c := &Caller{B: b, server: server, decidable: map[string]bool{}, actions: schemas.ActionSchemas}
	c.Type = schemas.ResourceSchemas[TypeName].ValueType().(tftypes.Object)
	for _, a := range schemas.ResourceSchemas[TypeName].Block.Attributes {
		c.decidable[a.Name] = a.Computed
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	b.Must(err)
	c.identityType = identities.IdentitySchemas[TypeName].ValueType().(tftypes.Object)
	configType := schemas.Provider.ValueType()
	config := map[string]tftypes.Value{}
	for name, typ := range configType.(tftypes.Object).AttributeTypes {
		config[name] = tftypes.NewValue(typ, nil)
	}
	for name, value := range settings {
		config[name] = tftypes.NewValue(tftypes.String, value)
	}
	resp, err := server.ConfigureProvider(ctx,
		&tfprotov6.ConfigureProviderRequest{Config: Encode(b, configType, tftypes.NewValue(configType, config))})
	b.Must(err)
	NoDiagnostics(b, resp.Diagnostics)
	return c
}

// Create makes a token and returns its state and private state.
func (c *Caller) Create(config map[string]any) (*tfprotov6.DynamicValue, []byte) {
	c.B.T.Helper()
	null := Encode(c.B, c.Type, tftypes.NewValue(c.Type, nil))
	plan := c.Plan(config, null, nil, false)
	NoDiagnostics(c.B, slices.DeleteFunc(plan.Diagnostics, func(d *tfprotov6.Diagnostic) bool {
		return d.Severity == tfprotov6.DiagnosticSeverityWarning // the first token makes the database
	}))
	resp := c.Apply(config, null, plan)
	NoDiagnostics(c.B, resp.Diagnostics)
	return resp.NewState, resp.Private
}

// Apply carries out a plan that was made for a state.
func (c *Caller) Apply(
	config map[string]any, state *tfprotov6.DynamicValue, plan *tfprotov6.PlanResourceChangeResponse,
) *tfprotov6.ApplyResourceChangeResponse {
	c.B.T.Helper()
	resp, err := c.server.ApplyResourceChange(context.Background(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: TypeName, Config: c.Config(config), PriorState: state, PlannedState: plan.PlannedState,
		PlannedPrivate: plan.PlannedPrivate,
	})
	c.B.Must(err)
	return resp
}

// Delete deletes a token.
func (c *Caller) Delete(state *tfprotov6.DynamicValue, private []byte) *tfprotov6.ApplyResourceChangeResponse {
	c.B.T.Helper()
	null := Encode(c.B, c.Type, tftypes.NewValue(c.Type, nil))
	resp, err := c.server.ApplyResourceChange(context.Background(), &tfprotov6.ApplyResourceChangeRequest{
		TypeName: TypeName, Config: null, PriorState: state, PlannedState: null, PlannedPrivate: private,
	})
	c.B.Must(err)
	return resp
}

// Read reads a token.
func (c *Caller) Read(state *tfprotov6.DynamicValue, private []byte) *tfprotov6.ReadResourceResponse {
	c.B.T.Helper()
	resp, err := c.server.ReadResource(context.Background(),
		&tfprotov6.ReadResourceRequest{
			TypeName: TypeName, CurrentState: state, Private: private, CurrentIdentity: c.identity(state),
		})
	c.B.Must(err)
	return resp
}

// Plan proposes what Terraform proposes: what is configured, and of the rest the prior value where the provider
// decides.
func (c *Caller) Plan(
	config map[string]any, state *tfprotov6.DynamicValue, private []byte, destroyed bool,
) *tfprotov6.PlanResourceChangeResponse {
	c.B.T.Helper()
	configured, prior := c.Attributes(c.Config(config)), c.Attributes(state)
	proposed := map[string]tftypes.Value{}
	for name, value := range configured {
		if prior, ok := prior[name]; ok && value.IsNull() && c.decidable[name] {
			value = prior
		}
		if value.IsNull() && len(prior) == 0 && c.decidable[name] {
			value = tftypes.NewValue(value.Type(), tftypes.UnknownValue)
		}
		proposed[name] = value
	}
	req := &tfprotov6.PlanResourceChangeRequest{
		TypeName:      TypeName,
		Config:        c.Config(config),
		PriorState:    state,
		PriorPrivate:  private,
		PriorIdentity: c.identity(state),
	}
	if destroyed {
		req.Config = Encode(c.B, c.Type, tftypes.NewValue(c.Type, nil))
		req.ProposedNewState = req.Config
	} else {
		req.ProposedNewState = Encode(c.B, c.Type, tftypes.NewValue(c.Type, proposed))
	}
	resp, err := c.server.PlanResourceChange(context.Background(), req)
	c.B.Must(err)
	return resp
}

// ValidateAction validates the configuration of an action.
func (c *Caller) ValidateAction(action string, config map[string]tftypes.Value) []*tfprotov6.Diagnostic {
	c.B.T.Helper()
	resp, err := c.actionServer().ValidateActionConfig(context.Background(),
		&tfprotov6.ValidateActionConfigRequest{ActionType: action, Config: c.actionConfig(action, config)})
	c.B.Must(err)
	return resp.Diagnostics
}

// PlanAction plans an action.
func (c *Caller) PlanAction(action string, config map[string]tftypes.Value) []*tfprotov6.Diagnostic {
	c.B.T.Helper()
	resp, err := c.actionServer().PlanAction(context.Background(),
		&tfprotov6.PlanActionRequest{ActionType: action, Config: c.actionConfig(action, config)})
	c.B.Must(err)
	return resp.Diagnostics
}

// InvokeAction invokes an action, and returns the lines of progress that it showed.
func (c *Caller) InvokeAction(
	ctx context.Context, action string, config map[string]tftypes.Value,
) (progress []string, diagnostics []*tfprotov6.Diagnostic) {
	c.B.T.Helper()
	stream, err := c.actionServer().InvokeAction(ctx,
		&tfprotov6.InvokeActionRequest{ActionType: action, Config: c.actionConfig(action, config)})
	c.B.Must(err)
	for event := range stream.Events {
		switch event := event.Type.(type) {
		case tfprotov6.ProgressInvokeActionEventType:
			progress = append(progress, event.Message)
		case tfprotov6.CompletedInvokeActionEventType:
			diagnostics = event.Diagnostics
		}
	}
	return progress, diagnostics
}

func (c *Caller) actionServer() tfprotov6.ActionServer {
	c.B.T.Helper()
	server, ok := c.server.(tfprotov6.ActionServer)
	if !ok {
		c.B.T.Fatal("the server serves no actions")
	}
	return server
}

// actionConfig encodes the configuration of an action; what it leaves out is null.
func (c *Caller) actionConfig(action string, config map[string]tftypes.Value) *tfprotov6.DynamicValue {
	c.B.T.Helper()
	typ := c.actions[action].Schema.ValueType()
	attributes := map[string]tftypes.Value{}
	for name, typ := range typ.(tftypes.Object).AttributeTypes {
		attributes[name] = tftypes.NewValue(typ, nil)
	}
	for name, value := range config {
		attributes[name] = value
	}
	return Encode(c.B, typ, tftypes.NewValue(typ, attributes))
}

// identity returns the identity that Terraform sends with a state; nil for none.
func (c *Caller) identity(state *tfprotov6.DynamicValue) *tfprotov6.ResourceIdentityData {
	id, exists := c.Attributes(cmp.Or(c.IdentifiesBy, state))["id"]
	if !exists || !c.Identifies {
		return nil
	}
	value := tftypes.NewValue(c.identityType, map[string]tftypes.Value{"id": id})
	return &tfprotov6.ResourceIdentityData{IdentityData: Encode(c.B, c.identityType, value)}
}

// Identified returns the identifier in the identity of an answer; empty for none.
func (c *Caller) Identified(identity *tfprotov6.ResourceIdentityData) (id string) {
	c.B.T.Helper()
	if identity == nil {
		return ""
	}
	value, err := identity.IdentityData.Unmarshal(c.identityType)
	c.B.Must(err)
	var attributes map[string]tftypes.Value
	c.B.Must(value.As(&attributes))
	if !attributes["id"].IsNull() {
		c.B.Must(attributes["id"].As(&id))
	}
	return id
}

// Upgrade sends a state as the state file has it, without some of its attributes.
func (c *Caller) Upgrade(state *tfprotov6.DynamicValue, without ...string) *tfprotov6.UpgradeResourceStateResponse {
	c.B.T.Helper()
	attributes := map[string]any{}
	for name, value := range c.Attributes(state) {
		if !slices.Contains(without, name) {
			attributes[name] = Plain(c.B, value)
		}
	}
	text, err := json.Marshal(attributes)
	c.B.Must(err)
	resp, err := c.server.UpgradeResourceState(context.Background(),
		&tfprotov6.UpgradeResourceStateRequest{TypeName: TypeName, RawState: &tfprotov6.RawState{JSON: text}})
	c.B.Must(err)
	return resp
}

// Config encodes configured attributes; the others are null.
func (c *Caller) Config(config map[string]any) *tfprotov6.DynamicValue {
	c.B.T.Helper()
	attributes := map[string]tftypes.Value{}
	for name, typ := range c.Type.AttributeTypes {
		value := config[name]
		if elements, ok := value.(map[string]any); ok {
			texts := map[string]tftypes.Value{}
			for key, text := range elements {
				texts[key] = tftypes.NewValue(tftypes.String, text)
			}
			value = texts
		}
		attributes[name] = tftypes.NewValue(typ, value)
	}
	return Encode(c.B, c.Type, tftypes.NewValue(c.Type, attributes))
}

// Decode reads a value of the type of an access token.
func (c *Caller) Decode(value *tfprotov6.DynamicValue) tftypes.Value {
	c.B.T.Helper()
	raw, err := value.Unmarshal(c.Type)
	c.B.Must(err)
	return raw
}

// Attributes returns the attributes of an access token; none for null.
func (c *Caller) Attributes(value *tfprotov6.DynamicValue) (attributes map[string]tftypes.Value) {
	c.B.T.Helper()
	c.B.Must(c.Decode(value).As(&attributes))
	return attributes
}

// Encode encodes a value as Terraform does.
func Encode(b *Bench, typ tftypes.Type, value tftypes.Value) *tfprotov6.DynamicValue {
	b.T.Helper()
	encoded, err := tfprotov6.NewDynamicValue(typ, value)
	b.Must(err)
	return &encoded
}

// Plain returns a value as JSON has it.
func Plain(b *Bench, value tftypes.Value) any {
	b.T.Helper()
	if value.IsNull() {
		return nil
	}
	switch typ := value.Type(); {
	case typ.Is(tftypes.Bool):
		var v bool
		b.Must(value.As(&v))
		return v
	case typ.Is(tftypes.Number):
		var v big.Float
		b.Must(value.As(&v))
		return json.Number(v.String())
	case typ.Is(tftypes.Map{}):
		var v map[string]tftypes.Value
		b.Must(value.As(&v))
		object := map[string]any{}
		for key, element := range v {
			object[key] = Plain(b, element)
		}
		return object
	default:
		var v string
		b.Must(value.As(&v))
		return v
	}
}

// NoDiagnostics fails the test for any diagnostic.
func NoDiagnostics(b *Bench, diagnostics []*tfprotov6.Diagnostic) {
	b.T.Helper()
	for _, d := range diagnostics {
		b.T.Fatalf("%s: %s", d.Summary, d.Detail)
	}
}

// ExpectSame compares an answer with another server's: values by what they say, however they are encoded.
func (c *Caller) ExpectSame(got, want any) {
	c.B.T.Helper()
	values := gocmp.Comparer(func(a, b *tfprotov6.DynamicValue) bool {
		if a == nil || b == nil {
			return a == b
		}
		return c.Decode(a).Equal(c.Decode(b))
	})
	identities := gocmp.Comparer(func(a, b *tfprotov6.ResourceIdentityData) bool {
		return (a == nil) == (b == nil) && c.Identified(a) == c.Identified(b)
	})
	paths := gocmp.Comparer((*tftypes.AttributePath).Equal)
	if diff := gocmp.Diff(want, got, values, identities, paths); diff != "" {
		c.B.T.Errorf("the answer is not the framework's (-framework +ours):\n%s", diff)
	}
}

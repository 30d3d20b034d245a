package provider

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

type providerModel struct {
	Database     types.String `tfsdk:"database"`
	Organization types.String `tfsdk:"organization"`
	ActAs        types.String `tfsdk:"act_as"`
	Endpoint     types.String `tfsdk:"endpoint"`
	Token        types.String `tfsdk:"token"`
	TokenPrefix  types.String `tfsdk:"token_prefix"`
}

// place is where a run works: on a database, or through a server. The configuration and the environment
// both say so, and the configuration beats the environment as a whole.
type place struct {
	// database is an absolute path, or the address of a PostgreSQL server, which may hold a password; empty for a server of ours.
	database string
	// location is where the database is, as people may read it.
	location string
	// endpoint is the address of a server; nil for a database.
	endpoint *url.URL
	// token is the access token by which the server is asked.
	token tokens.Secret
	// isConfigured means that the configuration names the place, and not the environment.
	isConfigured bool
}

// unknown returns the setting that has to be known before a backend can be opened, and is not; empty for none.
func (m *providerModel) unknown() string {
	for _, setting := range []struct {
		name  string
		value types.String
	}{
		{"database", m.Database}, {"endpoint", m.Endpoint}, {"token", m.Token}, {"organization", m.Organization},
		{"act_as", m.ActAs},
	} {
		if setting.value.IsUnknown() {
			return setting.name
		}
	}
	return ""
}

// refuseExcluded refuses settings that exclude each other, as far as they are known.
func (m *providerModel) refuseExcluded(diags *diag.Diagnostics) {
	if attribute.IsGiven(m.Endpoint) && attribute.IsGiven(m.Database) {
		diags.Append(bothGiven())
	}
	if attribute.IsGiven(m.Endpoint) && attribute.IsGiven(m.ActAs) {
		diags.Append(diagnostics.Excluded("act_as", actAsAtServer+"; remove act_as, or work on the file with database"))
	}
	if m.Endpoint.IsNull() && attribute.IsGiven(m.Database) && attribute.IsGiven(m.Token) {
		diags.Append(diagnostics.Excluded("token",
			"it is what a server is asked by, and database names a file: set endpoint in place of database, or remove token"))
	}
}

// bothGiven refuses a configuration that names both a database and a server.
func bothGiven() diag.Diagnostic {
	return diagnostics.Excluded("endpoint",
		"database and endpoint exclude each other: a run works on the file itself, or through a server; remove one of them")
}

// actAsAtServer says why there is no act_as at a server.
const actAsAtServer = "act_as and endpoint exclude each other: at a server, the access token says as whom a run works, and a " +
	"member has personal tokens (latchkey member token create)"

// place decides where a run works. All settings are known.
func (m *providerModel) place(getenv func(string) string) (p place, refusal diag.Diagnostic) {
	chosen, conflict := tokens.ChoosePlace(tokens.PlaceNames{
		Database: m.Database.ValueStringPointer(), Endpoint: m.Endpoint.ValueStringPointer(), HasToken: !m.Token.IsNull(),
	}, tokens.PlaceNamesInEnvironment(getenv))
	switch conflict {
	case tokens.ConflictGiven:
		return p, bothGiven()
	case tokens.ConflictInEnvironment:
		return p, diag.NewErrorDiagnostic("Unable to choose between database and server", fmt.Sprintf(
			"The environment names a database in %s and a server in %s, and the provider's configuration names neither.\n\n"+
				"Unset one of the variables. Or set database or endpoint in the provider's configuration, which then counts alone.",
			tokens.DatabaseVariable, tokens.EndpointVariable))
	case tokens.ConflictTokenAlone:
		return p, diag.NewErrorDiagnostic("Unable to find server", fmt.Sprintf(
			"%s holds an access token, by which a server is asked, and nothing names a server, so this run would work on %s in "+
				"the current directory.\n\nSet %s to the address of the server. To work on a file, set database in the provider's "+
				"configuration or %s, or unset %s.",
			tokens.TokenVariable, tokens.DefaultDatabase, tokens.EndpointVariable, tokens.DatabaseVariable, tokens.TokenVariable))
	}
	p.isConfigured = chosen.IsGiven
	if chosen.IsServer {
		return m.atServer(p, chosen.Name, getenv)
	}
	return m.onDatabase(p, chosen.Name)
}

// onDatabase completes the place of a run that works on a database with a path or an address.
func (m *providerModel) onDatabase(p place, name string) (place, diag.Diagnostic) {
	field := tokens.DatabaseVariable
	if p.isConfigured {
		field = "database"
	}
	location, err := locate(field, name)
	if err != nil {
		const summary = "Unable to find database"
		if tokens.MayHoldPassword(name) {
			return p, diag.NewErrorDiagnostic(summary, err.Error())
		}
		return p, diag.NewAttributeErrorDiagnostic(path.Root("database"), summary, err.Error())
	}
	p.database, p.location = location, location
	if tokens.IsDatabaseAddress(name) {
		p.database = name
	}
	if !m.Token.IsNull() {
		return p, diagnostics.Excluded("token", fmt.Sprintf(
			"it is what a server is asked by, and no server is named, so this run would work on %s: set endpoint or, in the "+
				"environment, %s; or remove token", p.location, tokens.EndpointVariable))
	}
	return p, nil
}

// atServer completes the place of a run that works through the server at an address.
func (m *providerModel) atServer(p place, address string, getenv func(string) string) (place, diag.Diagnostic) {
	field := tokens.EndpointVariable
	if p.isConfigured {
		field = "endpoint"
	}
	endpoint, err := parseEndpoint(field, address)
	if err != nil {
		return p, diag.NewAttributeErrorDiagnostic(path.Root("endpoint"), "Unable to find server", diagnostics.Explain(err))
	}
	p.endpoint = endpoint
	if !m.ActAs.IsNull() {
		return p, diagnostics.Excluded("act_as", fmt.Sprintf(
			"%s; remove act_as, or work on the file with database in place of %s", actAsAtServer, tokens.EndpointVariable))
	}
	field, value := "token", m.Token.ValueString()
	if m.Token.IsNull() {
		field, value = tokens.TokenVariable, getenv(tokens.TokenVariable)
	}
	if value == "" {
		return p, diag.NewAttributeErrorDiagnostic(path.Root("token"), "Unable to find access token", fmt.Sprintf(
			"The server at %s is asked by an access token, and there is none: set %s in Terraform's environment, or token in the "+
				"provider's configuration.", p.endpoint, tokens.TokenVariable))
	}
	if err := validateCredential(field, value); err != nil {
		return p, diag.NewAttributeErrorDiagnostic(path.Root("token"), "Unable to use access token", diagnostics.Explain(err))
	}
	p.token, _ = tokens.PresentedSecret(value)
	return p, nil
}

// validateCredential checks that a value can be an access token. The error doesn't repeat it.
func validateCredential(field, value string) error {
	if _, ok := tokens.PresentedSecret(value); !ok {
		return tokens.Invalid(field, "the value can't be an access token, which has 32 characters or more and neither blanks nor "+
			"line ends: check that all of it was copied, and nothing else")
	}
	return nil
}

// warnOfEnvironment says where the environment names another place than the configuration, since the command line would
// work there.
func (p place) warnOfEnvironment(getenv func(string) string, diags *diag.Diagnostics) {
	if !p.isConfigured {
		return
	}
	setting, here := "database", p.location
	if p.endpoint != nil {
		setting, here = "endpoint", p.endpoint.String()
	}
	for _, other := range []struct {
		noun, variable string
		isHere         bool
	}{
		{"database", tokens.DatabaseVariable, isAt(getenv(tokens.DatabaseVariable), p.location)},
		{"server", tokens.EndpointVariable, sameEndpoint(getenv(tokens.EndpointVariable), here)},
	} {
		if getenv(other.variable) == "" || other.isHere {
			continue
		}
		summary, detail := "Another "+other.noun+" in the environment", fmt.Sprintf(
			"This run uses %s, as the configuration says. The environment names another %s in %s, which the command line "+
				"follows. Leave %s out of the configuration, or unset the variable.", here, other.noun, other.variable, setting)
		if tokens.MayHoldPassword(p.database) {
			diags.AddWarning(summary, detail)
		} else {
			diags.AddAttributeWarning(path.Root(setting), summary, detail)
		}
	}
}

// warnOfPassword says where the configuration holds the password of a database: Terraform keeps it in saved plans, and can't
// hide it.
func (p place) warnOfPassword(diags *diag.Diagnostics) {
	if p.isConfigured && p.endpoint == nil && tokens.HoldsPassword(p.database) {
		diags.AddWarning("Password in the provider's configuration", fmt.Sprintf("The address in database holds a password for %s. "+
			"Whoever reads the configuration, its variables or a saved plan can use it.\n\nLeave it out of the address. Set PGPASSWORD "+
			"in Terraform's environment, or name a password file there in PGPASSFILE.", p.location))
	}
}

// isAt reports whether a name, from the environment, is that of the database at a location.
func isAt(name, location string) bool {
	at, err := locate(tokens.DatabaseVariable, name)
	return err == nil && at == location
}

// sameEndpoint reports whether two texts are the address of the same server.
func sameEndpoint(a, b string) bool { return strings.TrimRight(a, "/") == strings.TrimRight(b, "/") }

// pipeline returns the variable of the environment that says that the process runs in a pipeline; empty for none.
func pipeline(getenv func(string) string) string {
	for _, variable := range []string{
		"CI",                         // GitHub, GitLab and most others
		"TF_BUILD",                   // Azure Pipelines
		"TFC_RUN_ID",                 // HCP Terraform and Terraform Enterprise
		"ATLANTIS_TERRAFORM_VERSION", // Atlantis
	} {
		if value := strings.ToLower(getenv(variable)); value != "" && value != "false" && value != "0" {
			return variable
		}
	}
	return ""
}

// databaseName is the rule for the provider's database. What it says of an address isn't said of the attribute, since Terraform
// would print the line that holds it, password and all.
type databaseName struct{}

var _ validator.String = databaseName{}

// Description says what the rule asks for.
func (databaseName) Description(context.Context) string {
	return "must be the path of a file, or the address of a PostgreSQL server"
}

// MarkdownDescription says what the rule asks for.
func (v databaseName) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

// ValidateString applies the rule to a known value.
func (databaseName) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if !attribute.IsGiven(req.ConfigValue) {
		return
	}
	name := req.ConfigValue.ValueString()
	err := tokens.ValidateDatabase("database", name)
	if err == nil {
		return
	}
	refusal := diagnostics.InvalidAttribute(req.Path, err)
	if tokens.MayHoldPassword(name) {
		refusal = diag.NewErrorDiagnostic(refusal.Summary(), refusal.Detail())
	}
	resp.Diagnostics.Append(refusal)
}

package provider

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/action"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/function"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/accesstoken"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Address is the address of the provider in the public registry.
const Address = "registry.terraform.io/latchkey-dev/latchkey"

var (
	_ provider.Provider                       = (*Provider)(nil)
	_ provider.ProviderWithActions            = (*Provider)(nil)
	_ provider.ProviderWithEphemeralResources = (*Provider)(nil)
	_ provider.ProviderWithFunctions          = (*Provider)(nil)
	_ provider.ProviderWithListResources      = (*Provider)(nil)
	_ provider.ProviderWithValidateConfig     = (*Provider)(nil)
)

// Provider is the Terraform provider.
type Provider struct {
	version string
	now     func() time.Time

	mu     sync.Mutex
	opened []io.Closer // by Configure, closed by Close
}

// New returns the provider of a version of Latchkey; now is its clock.
func New(version string, now func() time.Time) *Provider {
	return &Provider{version: version, now: now}
}

// Metadata names the provider.
func (p *Provider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "latchkey"
	resp.Version = p.version
}

// Schema describes the configuration of the provider.
func (p *Provider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Issues API access tokens and manages their whole life in a backend that is " +
			"bundled with the provider: in a database on this machine, or through a server that others share.",
		Attributes: map[string]schema.Attribute{
			"database": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Path of the SQLite database that holds the hashed tokens, relative to the root module. " +
					"The first apply creates it with mode 0600. Keep it on a local disk, outside version control. " +
					"Or the address of a database in PostgreSQL 13 or later, as in " +
					"`postgres://latchkey@db.example.com/latchkey?sslmode=verify-full`, where the first apply creates the schema " +
					"`latchkey`, or the one that the parameter `schema` names. Several hosts with `target_session_attrs`, and the TLS " +
					"settings, work as in libpq. Keep the password out of the address: it belongs in `PGPASSWORD`, or in a password file " +
					"(`PGPASSFILE`, `~/.pgpass`), which each new connection reads again. Excludes `endpoint`. " +
					"Defaults to `LATCHKEY_DATABASE` in the environment, then to `latchkey.db`.",
				Validators: []validator.String{databaseName{}},
			},
			"organization": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Name of the organization that the database belongs to; part of the e-mail addresses of " +
					"technical users. It is fixed when the database is created: another name later is an error. " +
					"Defaults to `default`; behind a server, any name is right where this is left out.",
				Validators: []validator.String{attribute.Rule("lower-case letters, digits and hyphens", tokens.ValidateName)},
			},
			"act_as": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "E-mail address of the member as whom to work, with that person's current permissions " +
					"and under that name in the audit log. By default, you work as the owner of the database. The member must " +
					"already exist: create it with another configuration of the provider (`alias`). Excludes `endpoint`: there, you " +
					"work as the holder of `token`.",
				Validators: []validator.String{attribute.Rule("a bare e-mail address", tokens.ValidateEmail)},
			},
			"endpoint": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Address of a Latchkey server (`latchkey serve`) to work through in place of a database on " +
					"this machine, as in `https://latchkey.example.com`. Plain HTTP is for this machine alone. Excludes `database`. " +
					"Defaults to `LATCHKEY_ENDPOINT` in the environment, which counts where neither this nor `database` is set.",
				Validators: []validator.String{attribute.RuleForKnown("the address of a server",
					func(field, value string) error {
						_, err := parseEndpoint(field, value)
						return err
					})},
			},
			"token": schema.StringAttribute{
				Optional:  true,
				Sensitive: true,
				MarkdownDescription: "Value of the access token by which the server at `endpoint` is asked. It decides what the run " +
					"may do, and whose name the audit log shows. Defaults to `LATCHKEY_TOKEN` in the environment, which keeps it out of " +
					"configurations, variables and saved plans.",
				Validators: []validator.String{attribute.RuleForKnown("the value of an access token", validateCredential)},
			},
			"token_prefix": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Beginning of the value of each new secret, before the underscore, by which people and " +
					"scanners recognize it: 1 to 8 lower-case letters and digits, starting with a letter. Defaults to `lk`.",
				Validators: []validator.String{attribute.Rule("1 to 8 lower-case letters and digits, a letter first",
					tokens.ValidatePrefix)},
			},
		},
	}
}

// ValidateConfig refuses settings that exclude each other.
func (p *Provider) ValidateConfig(
	ctx context.Context, req provider.ValidateConfigRequest, resp *provider.ValidateConfigResponse,
) {
	var config providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	config.refuseExcluded(&resp.Diagnostics)
}

// Configure hands the settings to the resources. It never connects: settings may be unknown while planning, and only an
// operation that needs the backend fails for them.
func (p *Provider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var config providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	c := &managed.Connection{Now: p.now, Prefix: tokens.DefaultPrefix}
	if !config.TokenPrefix.IsNull() {
		c.Prefix = config.TokenPrefix.ValueString() // empty while it is unknown
	}
	config.refuseExcluded(&resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if c.Unknown = config.unknown(); c.Unknown == "" {
		if p.open(&config, c, &resp.Diagnostics); resp.Diagnostics.HasError() {
			return
		}
	}
	resp.ResourceData, resp.DataSourceData, resp.EphemeralResourceData = c, c, c
	resp.ListResourceData, resp.ActionData = c, c
}

// open opens the backend of a configuration whose settings are known.
func (p *Provider) open(config *providerModel, c *managed.Connection, diags *diag.Diagnostics) {
	at, refusal := config.place(os.Getenv)
	if refusal != nil {
		diags.Append(refusal)
		return
	}
	at.warnOfEnvironment(os.Getenv, diags)
	at.warnOfPassword(diags)
	var closer io.Closer
	if at.endpoint != nil {
		c.AtServer, c.Token = true, at.token
		c.Backend, closer = openServer(at.endpoint, at.token, config.Organization.ValueString(), p.version, p.now)
	} else {
		organization := tokens.DefaultOrganization
		if !config.Organization.IsNull() {
			organization = config.Organization.ValueString()
		}
		c.Backend, closer = openBackend(at.database, organization, config.ActAs.ValueString(), p.now)
		if config.ActAs.ValueString() == "" { // only the owner makes one
			c.NewDatabase.Location, c.NewDatabase.Organization = at.location, organization
			c.NewDatabase.OnServer = tokens.IsDatabaseAddress(at.database)
			c.NewDatabase.Pipeline = pipeline(os.Getenv)
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.opened = append(p.opened, closer)
}

// Close closes what was opened. No operation may still be running.
func (p *Provider) Close() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var errs []error
	for _, opened := range p.opened {
		errs = append(errs, opened.Close())
	}
	p.opened = nil
	return errors.Join(errs...)
}

// Resources returns the resources of the provider.
func (p *Provider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		newGroupResource,
		newRoleResource,
		newMemberResource,
		newTechnicalUserResource,
		accesstoken.NewResource,
		newTokenShareResource,
	}
}

// ListResources returns what terraform query lists the objects of the resources with.
func (p *Provider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{
		newGroupList,
		newRoleList,
		newMemberList,
		newTechnicalUserList,
		accesstoken.NewListResource,
		newTokenShareList,
	}
}

// EphemeralResources returns the ephemeral resources of the provider.
func (p *Provider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{newTokenValue, accesstoken.NewEphemeral}
}

// Actions returns the actions of the provider.
func (p *Provider) Actions(context.Context) []func() action.Action {
	return []func() action.Action{accesstoken.NewRetireAction, accesstoken.NewHoldAction}
}

// Functions returns the functions of the provider.
func (p *Provider) Functions(context.Context) []func() function.Function {
	return []func() function.Function{newTokenPreviewFunction, newTokenValidFunction}
}

// DataSources returns the data sources of the provider.
func (p *Provider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{
		accesstoken.NewDataSource,
		accesstoken.NewListDataSource,
		newTechnicalUserDataSource,
		newTechnicalUsersDataSource,
		newMembersDataSource,
		newGroupsDataSource,
		newRolesDataSource,
		newTokenSharesDataSource,
		newEventsDataSource,
	}
}

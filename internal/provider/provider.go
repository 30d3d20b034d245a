package provider

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/accesstoken"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/attribute"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Address is the address of the provider in the public registry.
const Address = "registry.terraform.io/latchkey-dev/latchkey"

var _ provider.Provider = (*Provider)(nil)

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

type providerModel struct {
	Database     types.String `tfsdk:"database"`
	Organization types.String `tfsdk:"organization"`
	ActAs        types.String `tfsdk:"act_as"`
	TokenPrefix  types.String `tfsdk:"token_prefix"`
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
			"bundled with the provider.",
		Attributes: map[string]schema.Attribute{
			"database": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Path of the SQLite database that holds the hashed tokens, relative to the root module. " +
					"The first apply creates it with mode 0600. Keep it on a local disk, outside version control. Defaults to " +
					"`LATCHKEY_DATABASE` in the environment, then to `latchkey.db`.",
				Validators: []validator.String{attribute.Rule("a path of a file", tokens.ValidateDatabasePath)},
			},
			"organization": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "Name of the organization that the database belongs to; part of the e-mail addresses of " +
					"technical users. It is fixed when the database is created: another name later is an error. " +
					"Defaults to `default`.",
				Validators: []validator.String{attribute.Rule("lower-case letters, digits and hyphens", tokens.ValidateName)},
			},
			"act_as": schema.StringAttribute{
				Optional: true,
				MarkdownDescription: "E-mail address of the member as whom to work, with that person's current permissions " +
					"and under that name in the audit log. By default, you work as the owner of the database. The member must " +
					"already exist: create it with another configuration of the provider (`alias`).",
				Validators: []validator.String{attribute.Rule("a bare e-mail address", tokens.ValidateEmail)},
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
	organization := tokens.DefaultOrganization
	if !config.Organization.IsNull() {
		organization = config.Organization.ValueString()
	}
	switch {
	case config.Database.IsUnknown():
		c.Unknown = "database"
	case config.Organization.IsUnknown():
		c.Unknown = "organization"
	case config.ActAs.IsUnknown():
		c.Unknown = "act_as"
	default:
		location, err := databasePath(config.Database)
		if err != nil {
			resp.Diagnostics.AddAttributeError(path.Root("database"), "Unable to find database", err.Error())
			return
		}
		if other := os.Getenv(tokens.DatabaseVariable); other != "" && !samePath(other, location) {
			resp.Diagnostics.AddAttributeWarning(path.Root("database"), "Another database in the environment",
				fmt.Sprintf("This run uses %s, as the configuration says. The environment names another database in %s, "+
					"which the command line follows. Leave database out of the configuration, or unset the variable.",
					location, tokens.DatabaseVariable))
		}
		backend, closer := openBackend(location, organization, config.ActAs.ValueString(), p.now)
		c.Backend = backend
		if config.ActAs.ValueString() == "" { // only the owner makes one
			c.NewDatabase.Path, c.NewDatabase.Organization = location, organization
			c.NewDatabase.Pipeline = pipeline(os.Getenv)
		}
		p.mu.Lock()
		p.opened = append(p.opened, closer)
		p.mu.Unlock()
	}
	resp.ResourceData, resp.DataSourceData = c, c
}

// Close closes the databases. No operation may still be running.
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

// samePath reports whether a name, from the environment, is that of the file at an absolute path.
func samePath(name, location string) bool {
	absolute, err := filepath.Abs(name)
	return err == nil && absolute == location
}

// databasePath returns the absolute path of the database: from the configuration, else the environment, else the
// default.
func databasePath(configured types.String) (string, error) {
	field, name := "database", configured.ValueString()
	if configured.IsNull() {
		field, name = tokens.DatabaseVariable, cmp.Or(os.Getenv(tokens.DatabaseVariable), tokens.DefaultDatabase)
	}
	if err := tokens.ValidateDatabasePath(field, name); err != nil {
		return "", err
	}
	return filepath.Abs(name)
}

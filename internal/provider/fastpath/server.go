// Package fastpath is the server that stands before the framework's. It answers for access tokens to which nothing
// happens, plans those that are new, and passes everything else on.
package fastpath

import (
	"context"
	"sync/atomic"

	tfprovider "github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/managed"
)

// NewServer returns the server through which Terraform speaks with the provider: the framework's, with a short way for
// access tokens that are new or to which nothing happens, and without its memory of every request.
func NewServer(p *provider.Provider) tfprotov6.ProviderServer {
	served := &servedProvider{Provider: p}
	framework, ok := providerserver.NewProtocol6(served)().(frameworkServer)
	if !ok {
		panic("the framework's server lacks a part of the protocol that it had")
	}
	return &server{frameworkServer: framework, tokens: newAccessTokens(served)}
}

// frameworkServer is all that the framework's server offers: parts of the protocol that tfprotov6.ProviderServer does not
// have yet are looked for in the server itself, and would be lost behind a narrower interface.
type frameworkServer interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
	tfprotov6.ActionServer
	tfprotov6.StateStoreServer
}

// server asks accessTokens first, and the framework for all that they leave open.
type server struct {
	frameworkServer
	tokens *accessTokens
}

// ValidateResourceConfig implements tfprotov6.ResourceServer.
func (s *server) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return serveBriefly(ctx, req, s.frameworkServer.ValidateResourceConfig)
}

// UpgradeResourceState implements tfprotov6.ResourceServer.
func (s *server) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	if resp, ok := s.tokens.upgrade(req); ok {
		return resp, nil
	}
	return serveBriefly(ctx, req, s.frameworkServer.UpgradeResourceState)
}

// ReadResource implements tfprotov6.ResourceServer.
func (s *server) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	if resp, ok := s.tokens.read(ctx, req); ok {
		return resp, nil
	}
	return serveBriefly(ctx, req, s.frameworkServer.ReadResource)
}

// PlanResourceChange implements tfprotov6.ResourceServer.
func (s *server) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	if resp, ok := s.tokens.plan(ctx, req); ok {
		return resp, nil
	}
	return serveBriefly(ctx, req, s.frameworkServer.PlanResourceChange)
}

// ApplyResourceChange implements tfprotov6.ResourceServer.
func (s *server) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return serveBriefly(ctx, req, s.frameworkServer.ApplyResourceChange)
}

// ValidateDataResourceConfig implements tfprotov6.DataSourceServer.
func (s *server) ValidateDataResourceConfig(ctx context.Context, req *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	return serveBriefly(ctx, req, s.frameworkServer.ValidateDataResourceConfig)
}

// ReadDataSource implements tfprotov6.DataSourceServer.
func (s *server) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	return serveBriefly(ctx, req, s.frameworkServer.ReadDataSource)
}

// servedProvider is the provider behind one server, and the connection that Terraform last configured there.
type servedProvider struct {
	*provider.Provider
	connection atomic.Pointer[managed.Connection]
}

// Configure remembers the connection that the resources get.
func (p *servedProvider) Configure(ctx context.Context, req tfprovider.ConfigureRequest, resp *tfprovider.ConfigureResponse) {
	p.Provider.Configure(ctx, req, resp)
	if c, ok := resp.ResourceData.(*managed.Connection); ok {
		p.connection.Store(c)
	}
}

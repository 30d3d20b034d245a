package fastpath

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/accesstoken"
)

// This file holds the only answers of the package that differ from the framework's. Framework 1.19.0 generates
// configurations, but doesn't tell Terraform so, and no resource can influence them yet. Once one can, accesstoken.Generated
// moves there, and this file goes.

// GetMetadata implements tfprotov6.ProviderServer.
func (s *server) GetMetadata(
	ctx context.Context, req *tfprotov6.GetMetadataRequest,
) (*tfprotov6.GetMetadataResponse, error) {
	resp, err := s.protocol.GetMetadata(ctx, req)
	if err == nil && resp.ServerCapabilities != nil {
		resp.ServerCapabilities.GenerateResourceConfig = true
	}
	return resp, err
}

// GetProviderSchema implements tfprotov6.ProviderServer.
func (s *server) GetProviderSchema(
	ctx context.Context, req *tfprotov6.GetProviderSchemaRequest,
) (*tfprotov6.GetProviderSchemaResponse, error) {
	resp, err := s.protocol.GetProviderSchema(ctx, req)
	if err == nil && resp.ServerCapabilities != nil {
		resp.ServerCapabilities.GenerateResourceConfig = true
	}
	return resp, err
}

// GenerateResourceConfig implements tfprotov6.ResourceServer.
func (s *server) GenerateResourceConfig(
	ctx context.Context, req *tfprotov6.GenerateResourceConfigRequest,
) (*tfprotov6.GenerateResourceConfigResponse, error) {
	resp, err := s.protocol.GenerateResourceConfig(ctx, req)
	if err == nil && req.TypeName == accesstoken.TypeName {
		s.tokens.improve(ctx, req, resp)
	}
	return resp, err
}

// improve leaves out of a generated configuration what a token is better declared without. What it can't tell, it leaves
// as it is.
func (u *accessTokens) improve(
	ctx context.Context, req *tfprotov6.GenerateResourceConfigRequest, resp *tfprotov6.GenerateResourceConfigResponse,
) {
	c := u.provider.connection.Load()
	if c == nil || req.State == nil || resp.Config == nil {
		return
	}
	state, err := req.State.Unmarshal(u.typ)
	if err != nil {
		return
	}
	config, err := resp.Config.Unmarshal(u.typ)
	if err != nil {
		return
	}
	improved, ok := accesstoken.Generated(ctx, c, state, config)
	if !ok {
		return
	}
	if value, err := tfprotov6.NewDynamicValue(u.typ, improved); err == nil {
		resp.Config = &value
	}
}

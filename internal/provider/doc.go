// Package provider is Latchkey for Terraform: the provider, its resources and its data sources, written with
// terraform-plugin-framework.
//
// It sees the backend through tokens.Backend alone; backend.go is the one file that opens one. Each resource and data
// source has a file of its own with its schema, its model and its operations; the access token, which is more than
// that, has the package accesstoken. What they share lies in managed (connection, facts, steps of every operation),
// attribute (schemas and conversions), customtypes and diagnostics. The package fastpath serves the provider to
// Terraform.
//
// A resource's Read records what it sees, in the state and in facts beside it; ModifyPlan decides from configuration,
// state and facts. No planned value depends on a clock: Terraform plans twice, and both plans must agree.
package provider

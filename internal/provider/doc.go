// Package provider is Latchkey for Terraform: the provider, its resources and its data sources, written with
// terraform-plugin-framework.
//
// It works through tokens.Backend alone; backend.go is the one file that knows which backend stands behind it. Each
// resource and data source has a file of its own with its schema, its model and its operations. A resource's Read
// records what it sees, in the state and in facts beside it (facts.go); ModifyPlan decides from configuration, state
// and facts. Neither a plan nor an apply judges by a clock of the provider's own what it plans: Terraform plans twice
// and both plans must agree.
package provider

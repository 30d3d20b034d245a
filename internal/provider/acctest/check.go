package acctest

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/terraform"
)

// SecretOf returns the secret in the state.
func SecretOf(s *terraform.State, address string) string {
	return s.RootModule().Resources[address].Primary.Attributes["token"]
}

// Of has a check say which case of several in one configuration it is about.
func Of(name string, check resource.TestCheckFunc) resource.TestCheckFunc {
	return func(s *terraform.State) error {
		if err := check(s); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	}
}

// CheckActive checks that the secret in the state is good, and that those of before are dead.
func (b *Bench) CheckActive(address string, dead ...*string) resource.TestCheckFunc {
	return func(s *terraform.State) error {
		if !b.IsActive(SecretOf(s, address)) {
			return fmt.Errorf("the secret in the state of %s is not active", address)
		}
		for i, value := range dead {
			if b.IsActive(*value) {
				return fmt.Errorf("the former secret %d of %s still works", i, address)
			}
		}
		return nil
	}
}

// Keep stores an attribute of the state for a later step.
func Keep(address, attribute string, into *string) resource.TestCheckFunc {
	return func(s *terraform.State) error {
		*into = s.RootModule().Resources[address].Primary.Attributes[attribute]
		return nil
	}
}

// CheckSame checks that an attribute still has a value that was kept.
func CheckSame(address, attribute string, kept *string) resource.TestCheckFunc {
	return func(s *terraform.State) error {
		if got := s.RootModule().Resources[address].Primary.Attributes[attribute]; got != *kept {
			return fmt.Errorf("%s of %s changed", attribute, address)
		}
		return nil
	}
}

// CheckOther checks that an attribute has another value than the one that was kept.
func CheckOther(address, attribute string, kept *string) resource.TestCheckFunc {
	return func(s *terraform.State) error {
		if got := s.RootModule().Resources[address].Primary.Attributes[attribute]; got == *kept || got == "" {
			return fmt.Errorf("%s of %s did not change", attribute, address)
		}
		return nil
	}
}

// PlanCheck is a check of a plan by a function.
type PlanCheck func(plan *tfjson.Plan) error

// CheckPlan implements plancheck.PlanCheck.
func (c PlanCheck) CheckPlan(_ context.Context, req plancheck.CheckPlanRequest, resp *plancheck.CheckPlanResponse) {
	resp.Error = c(req.Plan)
}

// Updates checks that a resource is updated in place, that exactly these attributes are unknown, and that none but
// these and the named ones differs from the state.
func Updates(address string, unknown []string, changed ...string) plancheck.PlanCheck {
	return PlanCheck(func(plan *tfjson.Plan) error {
		change, err := changeOf(plan, address)
		if err != nil {
			return err
		}
		if !change.Actions.Update() {
			return fmt.Errorf("%s: the plan says %s, not update", address, change.Actions)
		}
		before, _ := change.Before.(map[string]any)
		after, _ := change.After.(map[string]any)
		isUnknown, _ := change.AfterUnknown.(map[string]any)
		for name := range before {
			switch {
			case isUnknown[name] == true && !slices.Contains(unknown, name):
				return fmt.Errorf("%s: %s is unknown in the plan", address, name)
			case isUnknown[name] != true && slices.Contains(unknown, name):
				return fmt.Errorf("%s: %s is known in the plan", address, name)
			case isUnknown[name] == true || slices.Contains(changed, name):
			case fmt.Sprint(before[name]) != fmt.Sprint(after[name]):
				return fmt.Errorf("%s: %s changes in the plan", address, name)
			}
		}
		for _, name := range changed {
			if fmt.Sprint(before[name]) == fmt.Sprint(after[name]) {
				return fmt.Errorf("%s: %s does not change in the plan", address, name)
			}
		}
		return nil
	})
}

// What an update makes unknown, and what a new secret does besides.
var (
	OnUpdate     = []string{"status"}
	onRegenerate = append([]string{"token", "token_preview", "secret_version", "secret_expires_at",
		"previous_secret_expires_at", "regenerated_at"}, OnUpdate...)
)

// Brings checks that a plan sets a secret that people bring: it becomes another one, and no state gets it.
func Brings(address string, changed ...string) plancheck.PlanCheck {
	unknown := slices.DeleteFunc(slices.Clone(onRegenerate), func(name string) bool { return name == "token" })
	return Updates(address, unknown, append(changed, "regeneration_reason")...)
}

// Regenerates checks that a plan regenerates a token in place, and says why.
func Regenerates(address, reason string, changed ...string) plancheck.PlanCheck {
	return PlanCheck(func(plan *tfjson.Plan) error {
		change, err := changeOf(plan, address)
		if err != nil {
			return err
		}
		after, _ := change.After.(map[string]any)
		before, _ := change.Before.(map[string]any)
		if after["regeneration_reason"] != reason {
			return fmt.Errorf("%s: the plan's reason is %v, not %s", address, after["regeneration_reason"], reason)
		}
		if before["regeneration_reason"] != reason {
			changed = append(changed, "regeneration_reason")
		}
		var resp plancheck.CheckPlanResponse
		Updates(address, onRegenerate, changed...).CheckPlan(context.Background(), plancheck.CheckPlanRequest{Plan: plan},
			&resp)
		return resp.Error
	})
}

func changeOf(plan *tfjson.Plan, address string) (*tfjson.Change, error) {
	for _, rc := range plan.ResourceChanges {
		if rc.Address == address {
			return rc.Change, nil
		}
	}
	return nil, fmt.Errorf("%s is not in the plan", address)
}

// PreApply runs the checks on the plan of a step before it is applied.
func PreApply(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: checks}
}

// EmptyPlan checks that a plan changes nothing.
func EmptyPlan() resource.ConfigPlanChecks { return PreApply(plancheck.ExpectEmptyPlan()) }

// Says matches an error that says these texts in this order, however Terraform wraps its lines.
func Says(texts ...string) *regexp.Regexp {
	patterns := make([]string, len(texts))
	for i, text := range texts {
		patterns[i] = strings.Join(strings.Fields(regexp.QuoteMeta(text)), `[\s│]+`)
	}
	return regexp.MustCompile(`(?s)` + strings.Join(patterns, `.*`))
}

// CheckAttributes checks attributes of a resource or data source in the state; an empty text stands for null.
func CheckAttributes(address string, want map[string]string) resource.TestCheckFunc {
	var checks []resource.TestCheckFunc
	for name, value := range want {
		if value == "" {
			checks = append(checks, resource.TestCheckNoResourceAttr(address, name))
		} else {
			checks = append(checks, resource.TestCheckResourceAttr(address, name, value))
		}
	}
	return resource.ComposeAggregateTestCheckFunc(checks...)
}

// CheckOutputs checks all outputs.
func CheckOutputs(want map[string]string) resource.TestCheckFunc {
	return func(s *terraform.State) error {
		for name, value := range want {
			if err := resource.TestCheckOutput(name, value)(s); err != nil {
				return err
			}
		}
		if outputs := s.RootModule().Outputs; len(outputs) != len(want) {
			return fmt.Errorf("%d outputs, of which %d are expected", len(outputs), len(want))
		}
		return nil
	}
}

package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// importBlocks writes import blocks for Terraform.
type importBlocks struct {
	Plan      inputFile `help:"Write blocks for what this plan would create although the database holds it, with the plan's addresses: the output of terraform show -json PLAN, or - for standard input." placeholder:"FILE" xor:"source,blocks"`
	Without   inputFile `help:"Leave out what this state manages: the output of terraform state pull or terraform show -json, or - for standard input." placeholder:"FILE" xor:"source"`
	Resources bool      `help:"Write the resource blocks, too, in which objects refer to each other." xor:"blocks"`
}

// Help says when to use which form.
func (*importBlocks) Help() string {
	return "If a state is lost and the configuration is not: plan, and write the blocks for what the plan would create " +
		"again. What another object refers to must be imported first, so this may take several rounds; standard error " +
		"says so.\n\n" +
		"    terraform plan -out=lost.tfplan\n" +
		"    terraform show -json lost.tfplan |\n" +
		"      latchkey import-blocks --plan - >imports.tf\n\n" +
		"If both are lost: write the configuration of everything, too. Only what Terraform alone knows is missing, such as " +
		"triggers.\n\n" +
		"    latchkey import-blocks --resources >recovered.tf\n" +
		"    terraform plan\n\n" +
		"To find what no state knows:\n\n" +
		"    terraform state pull | latchkey import-blocks --without -"
}

// Run writes the blocks to standard output, and what remains to be done to standard error.
func (c *importBlocks) Run(ctx context.Context, app *app) error {
	var plan *terraformPlan
	var managed managedObjects
	switch {
	case c.Plan != "":
		plan = new(terraformPlan)
		if err := c.Plan.decode(app, plan.read); err != nil {
			return fmt.Errorf("unable to read the plan: %w", err)
		}
	case c.Without != "":
		read := func(d *json.Decoder) (err error) {
			managed, err = readManaged(d)
			return err
		}
		if err := c.Without.decode(app, read); err != nil {
			return fmt.Errorf("unable to read the state: %w", err)
		}
	}
	return app.withBackend(func(backend tokens.Backend) error {
		objects, err := readManageable(ctx, backend)
		if err != nil {
			return fmt.Errorf("unable to write import blocks: %w", err)
		}
		if caller := app.limitedCaller(ctx, backend, tokens.PermissionAll); caller != "" {
			app.note("What %s may not see is left out.", caller)
		}
		if plan == nil {
			return app.printAllImports(objects, managed, c.Resources)
		}
		return app.printPlannedImports(plan.match(objects))
	})
}

// decode reads the JSON documents in the file.
func (f inputFile) decode(app *app, read func(*json.Decoder) error) error {
	err := f.read(app, func(input io.Reader) error { return read(json.NewDecoder(input)) })
	if errors.Is(err, io.EOF) {
		return errors.New("it is empty; terraform says on standard error why it wrote nothing")
	}
	if _, isNoJSON := errors.AsType[*json.SyntaxError](err); isNoJSON {
		return fmt.Errorf("it is not the JSON that terraform show -json or terraform state pull writes (%w): pass that", err)
	}
	return err
}

// printAllImports writes a block for each object that is not managed, under an address made from its name, and on request
// the block of the resource there.
func (a *app) printAllImports(objects []manageable, managed managedObjects, resources bool) error {
	taken, addresses := map[string]int{}, map[string]string{}
	for address := range managed.addresses {
		taken[address] = 1
	}
	for _, object := range objects {
		if !managed.ids[object.id] {
			addresses[object.id] = object.address(taken)
		}
	}
	if len(addresses) == 0 {
		a.note("There is nothing to import.")
		return nil
	}
	var blocks []string
	refs := newReferences(objects, addresses)
	for _, object := range objects {
		address, ok := addresses[object.id]
		switch {
		case !ok:
		case resources:
			blocks = append(blocks, importBlock(importTarget(address, object.id), object.title), refs.resourceBlock(object))
		default:
			blocks = append(blocks, importBlock(importTarget(address, object.id), object.title))
		}
	}
	if resources {
		a.note("%s, and the resources. Declare the provider beside them; terraform plan then changes nothing.",
			tokens.Counted(len(addresses), "import block"))
	} else {
		a.note("%s. If no configuration declares these objects, --resources writes one, and so does "+
			"terraform plan -generate-config-out=FILE.", tokens.Counted(len(addresses), "import block"))
	}
	return a.printLine(strings.Join(blocks, "\n\n"))
}

// printPlannedImports writes the blocks for what a plan would create although the database holds it: one for each resource,
// however many instances it has, since Terraform 1.16 and later read only the first. The rest become comments, which
// standard error repeats.
func (a *app) printPlannedImports(outcomes []plannedImport) error {
	instances := map[string][]plannedImport{} // by the address of the resource
	for _, outcome := range outcomes {
		if outcome.id != "" {
			resource := withoutKeys(outcome.address)
			instances[resource] = append(instances[resource], outcome)
		}
	}
	var parts []string
	imports, waiting := 0, 0
	for _, outcome := range outcomes {
		if outcome.id == "" {
			line := tokens.Cleaned(outcome.address + ": " + outcome.reason)
			parts = append(parts, "# "+line)
			a.note("%s", line)
			if outcome.waits {
				waiting++
			}
			continue
		}
		resource := withoutKeys(outcome.address)
		if together := instances[resource]; len(together) > 0 {
			imports++
			parts = append(parts, importTogether(together))
			delete(instances, resource)
		}
	}
	if len(parts) == 0 {
		a.note("The plan creates nothing that Latchkey manages.")
		return nil
	}
	a.note("%s.", tokens.Counted(imports, "import block"))
	if waiting > 0 {
		a.note("%s must wait for others: plan again with these blocks, and run this command again.",
			tokens.Counted(waiting, "planned creation"))
	}
	return a.printLine(strings.Join(parts, "\n\n"))
}

// importTogether formats the block for instances of one resource.
func importTogether(instances []plannedImport) string {
	if len(instances) == 1 {
		return importBlock(importTarget(instances[0].address, instances[0].id), instances[0].title)
	}
	var titles, elements []string
	parts, _ := splitKeys(instances[0].address)
	width := len(fmt.Sprintf("import_%d", len(instances)-1))
	for i, instance := range instances {
		_, keys := splitKeys(instance.address)
		var element strings.Builder
		for j, key := range keys {
			fmt.Fprintf(&element, "key_%d = %s, ", j, tokens.Cleaned(key))
		}
		titles = append(titles, instance.title)
		elements = append(elements, fmt.Sprintf("    %-*s = { %sid = %q }\n", width, fmt.Sprintf("import_%d", i),
			element.String(), instance.id))
	}
	to := tokens.Cleaned(parts[0])
	for j, part := range parts[1:] {
		to += fmt.Sprintf("[each.value.key_%d]%s", j, tokens.Cleaned(part))
	}
	return importBlock(fmt.Sprintf("for_each = {\n%s  }\n\n  to = %s\n  id = each.value.id", strings.Join(elements, ""), to),
		titles...)
}

// importTarget formats the lines that say which object a block imports, and where to.
func importTarget(address, id string) string {
	return fmt.Sprintf("to = %s\n  id = %q", tokens.Cleaned(address), id)
}

// importBlock formats a block with comments above it.
func importBlock(lines string, titles ...string) string {
	var comments strings.Builder
	for _, title := range titles {
		comments.WriteString("# " + tokens.Cleaned(title) + "\n")
	}
	return fmt.Sprintf("%simport {\n  %s\n}", comments.String(), lines)
}

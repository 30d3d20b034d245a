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
	Plan    inputFile `help:"Write blocks for what this plan would create although the database holds it, with the plan's addresses: the output of terraform show -json PLAN, or - for standard input." placeholder:"FILE" xor:"source"`
	Without inputFile `help:"Leave out what this state manages: the output of terraform state pull or terraform show -json, or - for standard input." placeholder:"FILE" xor:"source"`
}

// Help says when to use which form.
func (*importBlocks) Help() string {
	return "If a state is lost and the configuration is not: plan, and write the blocks for what the plan would create " +
		"again. What another object refers to must be imported first, so this may take several rounds; standard error " +
		"says so.\n\n" +
		"    terraform plan -out=lost.tfplan\n" +
		"    terraform show -json lost.tfplan | latchkey import-blocks --plan - >imports.tf\n\n" +
		"If both are lost: write the blocks for everything, and let Terraform write the configuration.\n\n" +
		"    latchkey import-blocks >imports.tf\n" +
		"    terraform plan -generate-config-out=generated.tf\n\n" +
		"To find what no state knows:\n\n" +
		"    terraform state pull | latchkey import-blocks --without -"
}

// Run writes the blocks to standard output, and what remains to be done to standard error.
func (c *importBlocks) Run(ctx context.Context, app *app) error {
	var plan *terraformPlan
	managed := map[string]bool{}
	switch {
	case c.Plan != "":
		plan = new(terraformPlan)
		if err := c.Plan.decode(app, plan.read); err != nil {
			return fmt.Errorf("unable to read the plan: %w", err)
		}
	case c.Without != "":
		if err := c.Without.decode(app, func(d *json.Decoder) error { return readManaged(d, managed) }); err != nil {
			return fmt.Errorf("unable to read the state: %w", err)
		}
	}
	return app.withBackend(func(backend tokens.Backend) error {
		objects, err := readManageable(ctx, backend)
		if err != nil {
			return fmt.Errorf("unable to write import blocks: %w", err)
		}
		if app.actAs != "" {
			app.note("What %s may not see is left out.", app.actAs)
		}
		if plan == nil {
			return app.printAllImports(objects, managed)
		}
		return app.printPlannedImports(plan.match(objects))
	})
}

// decode reads the JSON documents in the file.
func (f inputFile) decode(app *app, read func(*json.Decoder) error) error {
	input, err := f.open(app)
	if err != nil {
		return err
	}
	err = read(json.NewDecoder(input))
	if closeErr := input.Close(); err == nil {
		err = closeErr
	}
	if errors.Is(err, io.EOF) {
		return errors.New("it is empty; terraform says on standard error why it wrote nothing")
	}
	if _, isNoJSON := errors.AsType[*json.SyntaxError](err); isNoJSON {
		return fmt.Errorf("it is not the JSON that terraform show -json or terraform state pull writes (%w): pass that", err)
	}
	return err
}

// printAllImports writes a block for each object that is not managed, under an address made from its name.
func (a *app) printAllImports(objects []manageable, managed map[string]bool) error {
	var blocks []string
	taken := map[string]int{}
	for _, object := range objects {
		address := object.address(taken)
		if !managed[object.id] {
			blocks = append(blocks, importBlock(object.title, address, object.id))
		}
	}
	if len(blocks) == 0 {
		a.note("There is nothing to import.")
		return nil
	}
	a.note("%s. If no configuration declares these objects, terraform plan -generate-config-out=FILE writes one.",
		counted(len(blocks), "import block"))
	return a.printLine(strings.Join(blocks, "\n\n"))
}

// printPlannedImports writes the blocks for what a plan would create although the database holds it. The rest become
// comments, which standard error repeats.
func (a *app) printPlannedImports(outcomes []plannedImport) error {
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
		imports++
		parts = append(parts, importBlock(outcome.title, outcome.address, outcome.id))
	}
	if len(parts) == 0 {
		a.note("The plan creates nothing that Latchkey manages.")
		return nil
	}
	a.note("%s.", counted(imports, "import block"))
	if waiting > 0 {
		a.note("%s must wait for others: plan again with these blocks, and run this command again.",
			counted(waiting, "planned creation"))
	}
	return a.printLine(strings.Join(parts, "\n\n"))
}

// importBlock formats a block with a comment above it.
func importBlock(title, address, id string) string {
	return fmt.Sprintf("# %s\nimport {\n  to = %s\n  id = %q\n}", tokens.Cleaned(title), tokens.Cleaned(address), id)
}

// counted formats a number of things.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

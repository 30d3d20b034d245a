package cli

import (
	"context"

	"github.com/jedib0t/go-pretty/v6/text"
)

// doctor examines the database.
type doctor struct {
	JSON bool `name:"json" help:"Answer in JSON, for programs."`
}

// Run prints what an examination of the database found. A problem is exit code 1.
func (c *doctor) Run(ctx context.Context, app *app) error {
	findings := app.diagnose(ctx)
	answer := func() error { return app.printTable(newFindingTable(findings)) }
	if c.JSON {
		answer = func() error { return app.printJSON(findings) }
	}
	if err := answer(); err != nil {
		return err
	}
	for _, f := range findings {
		if f.Problem != "" {
			return errAnswerIsNo
		}
	}
	return nil
}

// newFindingTable lays findings out in rows; a problem stands beside what it is about.
func newFindingTable(findings []finding) tableView {
	view := tableView{headers: []string{"CHECK", "FOUND", "PROBLEM"}, freeText: []string{"PROBLEM"}}
	for _, f := range findings {
		row := tableRow{cells: []string{f.Name, f.Value, f.Problem}}
		if f.Problem != "" {
			row.colors = text.Colors{text.FgRed}
		}
		view.rows = append(view.rows, row)
	}
	return view
}

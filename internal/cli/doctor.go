package cli

import (
	"context"
	"slices"

	"github.com/jedib0t/go-pretty/v6/text"
)

// doctor examines the database.
type doctor struct {
	JSON bool `name:"json" help:"Answer in JSON, for programs."`
}

// findingDocument is a finding in --json output.
type findingDocument struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// Problem is null if all is well.
	Problem *string `json:"problem"`
}

func newFindingDocument(f finding) findingDocument {
	return findingDocument{Name: f.name, Value: f.value, Problem: textOrNull(f.problem)}
}

// Run prints what an examination of the database found. If there is a problem, the exit code is 1.
func (c *doctor) Run(ctx context.Context, app *app) error {
	if app.actAs != "" {
		return misusef("--act-as: doctor examines the database file, to which the permissions of a member do not apply; " +
			"leave --act-as out")
	}
	findings := app.diagnose(ctx)
	if err := c.print(app, findings); err != nil {
		return err
	}
	if slices.ContainsFunc(findings, func(f finding) bool { return f.problem != "" }) {
		return errAnswerIsNo
	}
	return nil
}

func (c *doctor) print(app *app, findings []finding) error {
	if !c.JSON {
		return app.printTable(newFindingTable(findings))
	}
	return app.printJSON(documentsOf(findings, newFindingDocument))
}

// newFindingTable lays findings out in rows, each problem beside what it is about.
func newFindingTable(findings []finding) tableView {
	view := tableView{headers: []string{"CHECK", "FOUND", "PROBLEM"}, freeText: []string{"PROBLEM"}}
	for _, f := range findings {
		row := tableRow{cells: []string{f.name, f.value, f.problem}}
		if f.problem != "" {
			row.colors = text.Colors{text.FgRed}
		}
		view.rows = append(view.rows, row)
	}
	return view
}

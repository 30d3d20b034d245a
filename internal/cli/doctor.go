package cli

import (
	"context"
	"slices"
)

// doctor examines the database.
type doctor struct {
	JSON bool `name:"json" help:"Answer in JSON, for programs."`
}

// Help says what programs read.
func (*doctor) Help() string {
	return "Says which database it is, how far it goes, and whether it and the files and directories around it are sound. " +
		"It changes nothing, and goes on where every other command refuses to.\n\n" +
		"With --json, each finding has its name, the value for people, facts for programs (sizes in bytes, modes in octal " +
		"digits, times in RFC 3339) and the problem, or null."
}

// findingDocument is a finding in --json output.
type findingDocument struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	// Facts are what programs read of the value; an empty object where the value is all there is.
	Facts map[string]any `json:"facts"`
	// Problem is null if all is well.
	Problem *string `json:"problem"`
}

func newFindingDocument(f finding) findingDocument {
	document := findingDocument{Name: f.name, Value: f.value, Facts: f.facts, Problem: textOrNull(f.problem)}
	if document.Facts == nil {
		document.Facts = map[string]any{}
	}
	return document
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
	view := tableView{columns: []tableColumn{
		{header: "CHECK"}, {header: "FOUND", fit: breakLines, least: 24}, {header: "PROBLEM", fit: breakLines, least: 24},
	}}
	for _, f := range findings {
		row := tableRow{cells: []string{f.name, f.value, f.problem}}
		if f.problem != "" {
			row.style = red
		}
		view.rows = append(view.rows, row)
	}
	return view
}

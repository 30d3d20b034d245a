package cli

import (
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// widestText is how wide a column of free text gets on a terminal before it breaks into lines.
const widestText = 40

// tableView is a table of text for people. Except on a terminal, every row is one line, whatever its length.
type tableView struct {
	headers []string
	// freeText names the headers of columns whose text may be long and is broken into lines on a terminal.
	freeText []string
	rows     []tableRow
}

// tableRow is a row of a table, with its colours on a terminal.
type tableRow struct {
	cells  []string
	colors text.Colors
}

// printTable writes the table to standard output.
func (a *app) printTable(view tableView) error {
	t := table.NewWriter()
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	t.SetStyle(style)
	t.SuppressTrailingSpaces()
	if view.headers != nil {
		t.AppendHeader(cells(view.headers, nil))
	}
	if a.StdoutTerminal {
		var configs []table.ColumnConfig
		for _, header := range view.freeText {
			configs = append(configs, table.ColumnConfig{
				Name: header, WidthMax: widestText, WidthMaxEnforcer: text.WrapSoft,
			})
		}
		t.SetColumnConfigs(configs)
	}
	for _, row := range view.rows {
		colors := row.colors
		if !a.colorful() {
			colors = nil
		}
		t.AppendRow(cells(row.cells, colors))
	}
	return a.printLine(t.Render())
}

// cells makes the cells of a row printable and colours them. It sets the sequences itself, since the library's own
// colours depend on the process's environment.
func cells(values []string, colors text.Colors) table.Row {
	row := make(table.Row, len(values))
	for i, value := range values {
		value = tokens.Cleaned(value)
		if len(colors) > 0 && value != "" {
			value = text.Escape(value, colors.EscapeSeq())
		}
		row[i] = value
	}
	return row
}

// colorful reports whether to use colours: on a terminal that has them, unless NO_COLOR is set (https://no-color.org).
func (a *app) colorful() bool {
	noColor, _ := a.LookupEnv("NO_COLOR")
	terminal, _ := a.LookupEnv("TERM")
	return a.StdoutTerminal && noColor == "" && terminal != "dumb"
}

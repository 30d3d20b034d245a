package cli

import (
	"cmp"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/rivo/uniseg"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// gap stands between two columns.
const gap = "  "

// narrowest is how narrow a column may get whose texts are cut or broken into lines.
const narrowest = 12

// widestWord is how wide a word is for which a column stays wide enough. It stands over the edge if it is wider.
const widestWord = 40

// tableView is a table of text for people. On a terminal it fits the width where it can. Elsewhere every row is one
// line, whatever its length, and nothing is cut.
type tableView struct {
	columns []tableColumn
	rows    []tableRow
	// headless tables have no line of headers.
	headless bool
}

// tableColumn is how a column uses the width of a terminal. The zero column is never cut and never left out.
type tableColumn struct {
	header string
	// rank is positive in a column that a narrow terminal may do without: those of the highest rank go first.
	rank int
	fit  fitting
	// least is how narrow the column may get; narrowest if it is zero.
	least int
}

// fitting is what becomes of a text that is wider than its column can be.
type fitting int

const (
	// keepWhole leaves it as it is: an identifier, which people copy.
	keepWhole fitting = iota
	// cutOff ends it with an ellipsis.
	cutOff
	// breakLines breaks it into lines between words.
	breakLines
)

// tableRow is a row of a table, with its style on a terminal.
type tableRow struct {
	cells []string
	style style
}

// style is how a text looks on a terminal: the parameters of the sequence SGR of ECMA-48.
type style string

const (
	plain   style = ""
	faint   style = "2"
	red     style = "31"
	warning style = "1;33" // bold yellow, what stands out most
)

// on returns a text in the style.
func (s style) on(text string) string {
	if s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// colorful reports whether to use colours: on a terminal that has them, unless NO_COLOR is set (https://no-color.org).
func (a *app) colorful() bool {
	noColor, _ := a.LookupEnv("NO_COLOR")
	terminal, _ := a.LookupEnv("TERM")
	return a.StdoutTerminal && noColor == "" && terminal != "dumb"
}

// printTable writes the table to standard output.
func (a *app) printTable(view tableView) error {
	view = view.cleaned()
	shown, widths := view.layout(a.terminalWidth())
	_, err := io.WriteString(a.Stdout, view.text(shown, widths, a.colorful()))
	return err
}

// text returns the lines of the table, of which some columns are shown.
func (view tableView) text(shown, widths []int, colorful bool) string {
	var out strings.Builder
	if !view.headless {
		headers := make([]string, len(shown))
		for i, column := range shown {
			headers[i] = view.columns[column].header
		}
		writeLine(&out, headers, widths, plain)
	}
	for _, row := range view.rows {
		look := row.style
		if !colorful {
			look = plain
		}
		for _, line := range view.lines(row, shown, widths) {
			writeLine(&out, line, widths, look)
		}
	}
	return out.String()
}

// terminalWidth returns how wide the terminal is; unlimited where there is none.
func (a *app) terminalWidth() int {
	if a.StdoutTerminal && a.TerminalWidth > 0 {
		return a.TerminalWidth
	}
	return math.MaxInt
}

// cleaned makes all cells printable.
func (view tableView) cleaned() tableView {
	rows := slices.Clone(view.rows)
	for i, row := range rows {
		rows[i].cells = make([]string, len(row.cells))
		for j, cell := range row.cells {
			rows[i].cells[j] = tokens.Cleaned(cell)
		}
	}
	view.rows = rows
	return view
}

// layout returns which columns to show and how wide each of them is, so that they fit into a width if they can: columns
// of the highest ranks are left out until the rest could fit, and then the widest of those whose texts may be cut or
// broken give way.
func (view tableView) layout(width int) (shown, widths []int) {
	natural := make([]int, len(view.columns))
	least := make([]int, len(view.columns))
	for i, column := range view.columns {
		shown = append(shown, i)
		header := 0
		if !view.headless {
			header = widthOf(column.header)
		}
		natural[i] = header
		for _, row := range view.rows {
			natural[i] = max(natural[i], widthOf(row.cells[i]))
		}
		least[i] = natural[i]
		if column.fit != keepWhole {
			least[i] = max(header, cmp.Or(column.least, narrowest))
		}
		if column.fit == breakLines {
			least[i] = max(least[i], min(widestWord, view.widestWord(i)))
		}
		least[i] = min(least[i], natural[i])
	}
	for total(least, shown) > width {
		rank := func(i int) int { return view.columns[i].rank }
		last := slices.MaxFunc(shown, func(a, b int) int { return cmp.Compare(rank(a), rank(b)) })
		if rank(last) <= 0 {
			break
		}
		shown = slices.DeleteFunc(shown, func(i int) bool { return i == last })
	}
	spare := total(natural, shown) - width
	for ; spare > 0; spare-- {
		slack := func(i int) int { // how much a column may lose, and the wider it is the sooner
			if natural[i] == least[i] {
				return 0
			}
			return natural[i]
		}
		widest := slices.MaxFunc(shown, func(a, b int) int { return cmp.Compare(slack(a), slack(b)) })
		if slack(widest) == 0 {
			break
		}
		natural[widest]--
	}
	for _, i := range shown {
		widths = append(widths, natural[i])
	}
	return shown, widths
}

// widestWord returns how wide the widest word of a column is.
func (view tableView) widestWord(column int) int {
	widest := 0
	for _, row := range view.rows {
		for word := range strings.FieldsSeq(row.cells[column]) {
			widest = max(widest, widthOf(word))
		}
	}
	return widest
}

// total returns the width of a table of these columns.
func total(widths, shown []int) int {
	sum := len(gap) * max(0, len(shown)-1)
	for _, i := range shown {
		sum += widths[i]
	}
	return sum
}

// widthOf returns how many columns of a terminal a text takes.
func widthOf(text string) int {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return uniseg.StringWidth(text)
		}
	}
	return len(text)
}

// lines returns the lines of a row, each with a text for every column that is shown.
func (view tableView) lines(row tableRow, shown, widths []int) [][]string {
	columns := make([][]string, len(shown))
	height := 1
	for i, column := range shown {
		cell := row.cells[column]
		switch view.columns[column].fit {
		case cutOff:
			columns[i] = []string{cut(cell, widths[i])}
		case breakLines:
			columns[i] = broken(cell, widths[i])
		default:
			columns[i] = []string{cell}
		}
		height = max(height, len(columns[i]))
	}
	lines := make([][]string, height)
	for n := range lines {
		lines[n] = make([]string, len(columns))
		for i, column := range columns {
			if n < len(column) {
				lines[n][i] = column[n]
			}
		}
	}
	return lines
}

// writeLine writes texts in columns of these widths, without spaces after the last one.
func writeLine(out *strings.Builder, texts []string, widths []int, look style) {
	var line strings.Builder
	for i, text := range texts {
		if i > 0 {
			line.WriteString(gap)
		}
		line.WriteString(text)
		line.WriteString(strings.Repeat(" ", max(0, widths[i]-widthOf(text))))
	}
	out.WriteString(look.on(strings.TrimRight(line.String(), " ")) + "\n")
}

// ellipsis stands for what was cut.
const ellipsis = "…"

// cut returns as much of a text as fits into a width, with an ellipsis in place of the rest. What people see as one
// character stays together, with its accents.
func cut(text string, width int) string {
	if widthOf(text) <= width {
		return text
	}
	var kept strings.Builder
	used, state := widthOf(ellipsis), -1
	for rest := text; rest != ""; {
		var cluster string
		var wide int
		cluster, rest, wide, state = uniseg.FirstGraphemeClusterInString(rest, state)
		if used+wide > width {
			break
		}
		kept.WriteString(cluster)
		used += wide
	}
	return strings.TrimRight(kept.String(), " ") + ellipsis
}

// broken breaks a text into lines of a width, between words. A word that is wider stays whole.
func broken(text string, width int) []string {
	if widthOf(text) <= width {
		return []string{text}
	}
	var lines []string
	line, used := "", 0
	for word := range strings.FieldsSeq(text) {
		wide := widthOf(word)
		if line != "" && used+1+wide > width {
			lines = append(lines, line)
			line, used = "", 0
		}
		if line != "" {
			line, used = line+" ", used+1
		}
		line, used = line+word, used+wide
	}
	return append(lines, line)
}

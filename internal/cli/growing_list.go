package cli

import (
	"io"
	"math"
	"slices"
	"strings"
)

// growingList prints objects that come one after the other: in a table whose columns only get wider, or in JSON with one
// document a line. Its times are instants, since what is printed stays while the clock goes on.
type growingList[O any] struct {
	app      *app
	listing  listing[O]
	selected []field[O]
	flags    listFlags
	// widest has the widest text so far of each column.
	widest []string
	// shown are the columns of the latest line; nil before the first one.
	shown []int
}

func newGrowingList[O any](a *app, l listing[O], selected []field[O], flags listFlags) *growingList[O] {
	return &growingList[O]{app: a, listing: l, selected: selected, flags: flags}
}

// add prints more objects.
func (g *growingList[O]) add(objects []O) error {
	if g.flags.JSON {
		return g.addDocuments(objects)
	}
	if len(objects) == 0 {
		return nil
	}
	timeless := *g.app
	timeless.StdoutTerminal = false // which makes instants of times
	view := g.listing.table(&timeless, g.selected, g.flags, objects).cleaned()
	view.headless = view.headless && (g.flags.NoHeader || !g.app.StdoutTerminal)
	if g.widest == nil {
		g.widest = make([]string, len(view.columns))
		for i, column := range view.columns {
			g.widest[i] = strings.Map(func(rune) rune { return 'x' }, column.header)
		}
	}
	for _, row := range view.rows {
		for i, cell := range row.cells {
			if widthOf(cell) > widthOf(g.widest[i]) {
				g.widest[i] = cell
			}
		}
	}
	measured := view
	measured.rows = append(slices.Clone(view.rows), tableRow{cells: g.widest})
	width := math.MaxInt
	if !g.flags.Wide {
		width = g.app.terminalWidth()
	}
	shown, widths := measured.layout(width)
	if slices.Equal(shown, g.shown) { // otherwise a column had to go, so that the header says what is left
		view.headless = true
	}
	g.shown = shown
	_, err := io.WriteString(g.app.Stdout, view.text(shown, widths, g.app.colorful()))
	return err
}

// addDocuments prints a document a line.
func (g *growingList[O]) addDocuments(objects []O) error {
	fields := g.selected
	if fields == nil {
		fields = g.listing.fields
	}
	var out strings.Builder
	for _, o := range objects {
		line, err := textOfDocument(documentOf(fields, o), "")
		if err != nil {
			return err
		}
		out.WriteString(line)
	}
	_, err := io.WriteString(g.app.Stdout, out.String())
	return err
}

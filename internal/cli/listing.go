package cli

import (
	"slices"
	"strings"
)

// field is what the objects of one kind have under a name. The name is the same in --json, in --columns and, as far as
// there is one, in the attributes of the Terraform provider. Lists, cards and documents all take the value from here,
// so that they can't disagree.
type field[O any] struct {
	name string
	// title names the field for people, in sentence case.
	title string
	value func(O) value
	// rank says when a list shows the field.
	rank int
	fit  fitting
	// least is how narrow its column may get, if the default is too narrow.
	least int
}

// The ranks of a field. A list shows those of rank 1, and those of the next ranks as far as the terminal is wide
// enough.
const (
	// onRequest: a list shows the field if --columns names it.
	onRequest = 0
	// wideOnly: a list shows it with --wide, too.
	wideOnly = -1
)

// listing is how the objects of one kind are listed.
type listing[O any] struct {
	fields []field[O]
	// style is how the row of an object looks; nil for all alike.
	style func(O) style
}

// names returns the names of all fields.
func (l listing[O]) names() []string {
	names := make([]string, len(l.fields))
	for i, f := range l.fields {
		names[i] = f.name
	}
	return names
}

// listFlags are the flags of the commands that print lists, except --columns, whose values differ.
type listFlags struct {
	Wide     bool `help:"On a terminal, show all columns and nothing cut, however wide that gets."`
	NoHeader bool `name:"no-header" help:"Leave out the names of the columns. They are also left out of one column that is not printed on a terminal."`
	JSON     bool `name:"json" help:"Answer in JSON, for programs; with --columns, only these fields."`
}

// selected returns the fields that --columns names, in that order, or nil if it names none.
func (l listing[O]) selected(names []string) ([]field[O], error) {
	var selected []field[O]
	for _, name := range names {
		i := slices.Index(l.names(), name)
		if i < 0 {
			return nil, misusef("--columns: there is no column %q; the columns are %s",
				harmless(name), strings.Join(l.names(), ", "))
		}
		selected = append(selected, l.fields[i])
	}
	return selected, nil
}

// printList writes the objects to standard output as the flags ask, the fields that selected returned if there are any.
// Of a list without objects, it writes the sentence to standard error.
func printList[O any](a *app, l listing[O], selected []field[O], flags listFlags, objects []O, emptiness string) error {
	if flags.JSON {
		if selected == nil {
			selected = l.fields
		}
		return a.printJSON(documentsOf(objects, func(o O) document { return documentOf(selected, o) }))
	}
	if len(objects) == 0 {
		a.note("%s", emptiness)
		return nil
	}
	return a.printTable(l.table(a, selected, flags, objects))
}

// printObject writes one object to standard output: in JSON the fields of the list, else in a card.
func printObject[O any](a *app, l listing[O], asJSON bool, object O) error {
	if asJSON {
		return a.printJSON(documentOf(l.fields, object))
	}
	return a.printTable(l.card(a, object))
}

// card lays one object out, a row for each of the fields that a list can show without being asked for them by name.
func (l listing[O]) card(a *app, object O) tableView {
	view := newCard()
	for _, f := range l.fields {
		if f.rank != onRequest {
			view.rows = append(view.rows, tableRow{cells: []string{f.title, f.value(object).detailed(a)}})
		}
	}
	return view
}

// table lays objects out in columns.
func (l listing[O]) table(a *app, selected []field[O], flags listFlags, objects []O) tableView {
	chosen := selected != nil
	fields := selected
	for _, f := range l.fields {
		if !chosen && (f.rank > 0 || f.rank == wideOnly && flags.Wide) {
			fields = append(fields, f)
		}
	}
	view := tableView{headless: flags.NoHeader || len(fields) == 1 && !a.StdoutTerminal}
	for _, f := range fields {
		column := tableColumn{header: strings.ToUpper(f.title), fit: f.fit, least: f.least}
		switch {
		case flags.Wide:
			column.fit = keepWhole
		case !chosen && f.rank > 1:
			column.rank = f.rank
		}
		view.columns = append(view.columns, column)
	}
	for _, o := range objects {
		row := tableRow{cells: make([]string, len(fields))}
		for i, f := range fields {
			row.cells[i] = f.value(o).shown(a)
		}
		if l.style != nil {
			row.style = l.style(o)
		}
		view.rows = append(view.rows, row)
	}
	return view
}

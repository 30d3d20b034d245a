//go:build linux

package serverbench

import (
	"fmt"
	"io"
	"slices"
	"testing"
	"text/tabwriter"
)

// figure is something that was measured.
type figure struct {
	what string
	// is and goal say how much it is and should be; goal is empty where there is none.
	is, goal string
	missed   bool
}

// figures are what was measured so far.
var figures []figure

// atMost takes down a figure that should be no higher than a goal, in a unit.
func atMost(b *testing.B, what string, is, goal float64, unit string) {
	b.Helper()
	note(b, what, is, unit, fmt.Sprintf("at most %g%s", goal, unit), is > goal)
}

// atLeast takes down a figure that should be no lower than a goal, in a unit.
func atLeast(b *testing.B, what string, is, goal float64, unit string) {
	b.Helper()
	note(b, what, is, unit, fmt.Sprintf("at least %g%s", goal, unit), is < goal)
}

// aside takes down a figure for which there is no goal.
func aside(b *testing.B, what string, is float64, unit string) {
	b.Helper()
	note(b, what, is, unit, "", false)
}

func note(b *testing.B, what string, is float64, unit, goal string, missed bool) {
	b.Helper()
	f := figure{what: what, is: fmt.Sprintf("%.*f%s", decimals(is), is, unit), goal: goal, missed: missed}
	figures = append(figures, f)
	b.Logf("%s: %s (%s)", f.what, f.is, f.goal)
}

// decimals returns how many decimals of a number matter.
func decimals(number float64) int {
	switch {
	case number >= 1000:
		return 0
	case number >= 10:
		return 1
	default:
		return 2
	}
}

// printFigures prints a line for each figure, with its goal.
func printFigures(to io.Writer) {
	if len(figures) == 0 {
		return
	}
	fmt.Fprintln(to)
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', 0)
	for _, f := range figures {
		mark := ""
		if f.missed {
			mark = "MISSED"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", f.what, f.is, f.goal, mark)
	}
	_ = table.Flush() // nobody is left to be told
}

// median returns the middle one of an odd number of numbers.
func median(numbers []float64) float64 {
	sorted := slices.Sorted(slices.Values(numbers))
	return sorted[len(sorted)/2]
}

package cli

import (
	"strings"

	"github.com/alecthomas/kong"
)

// line is a command line as far as its words can be placed.
type line struct {
	// node is the command.
	node *kong.Node
	// arguments are those that the command has been given.
	arguments []string
	// values are those of the flags, by the name of the flag; that of one without a value is true.
	values map[string]string
	// argumentsOnly means that a -- ends the flags.
	argumentsOnly bool
	// flag is the one whose value comes next; nil for none.
	flag *kong.Flag
	// unknown is the first word that has no place, and rest are those after it.
	unknown string
	rest    []string
}

// readLine places the words of a command line as the parser does, up to the first one that has no place.
func readLine(root *kong.Node, words []string) line {
	l := line{node: root, values: map[string]string{}}
	for i, word := range words {
		switch {
		case l.flag != nil:
			l.values[l.flag.Name] = word
			l.flag = nil
		case word == "--" && !l.argumentsOnly:
			l.argumentsOnly = true
		case strings.HasPrefix(word, "-") && word != onStandardInput && !l.argumentsOnly:
			name, value, assigned := strings.Cut(word, "=")
			found := flagNamed(l.node, name)
			if found == nil && name != "-h" {
				l.unknown, l.rest = word, words[i+1:]
				return l
			}
			switch {
			case found == nil:
			case found.IsBool():
				l.values[found.Name] = "true"
			case assigned:
				l.values[found.Name] = value
			default:
				l.flag = found
			}
		case len(l.node.Children) > 0:
			child := childNamed(l.node, word)
			if child == nil {
				l.unknown, l.rest = word, words[i+1:]
				return l
			}
			l.node = child
		case l.argument() == nil:
			l.unknown, l.rest = word, words[i+1:]
			return l
		default:
			l.arguments = append(l.arguments, word)
		}
	}
	return l
}

// argument returns the argument of the command that comes next; nil for none.
func (l line) argument() *kong.Positional {
	given, all := len(l.arguments), l.node.Positional
	switch {
	case given < len(all):
		return all[given]
	case len(all) > 0 && all[len(all)-1].IsCumulative():
		return all[len(all)-1]
	}
	return nil
}

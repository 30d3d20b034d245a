package cli

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
)

// misuse is an error in the command line.
type misuse struct{ message string }

func (m *misuse) Error() string { return m.message }

func misusef(format string, args ...any) error { return &misuse{fmt.Sprintf(format, args...)} }

// misuseOf turns an error of the domain about a value on the command line into misuse. Like any argument, the value is
// repeated only if it is a plain word.
func misuseOf(value string, err error) error {
	hidden := strconv.Quote(harmless(value))
	return misusef("%s", strings.ReplaceAll(err.Error(), strconv.Quote(value), hidden))
}

// explainMisuse explains why the parser refused a command line. The parser's own messages repeat arguments, and any
// argument may be a secret by mistake: where there is no explanation here, the parser is asked again with everything
// but plain words hidden.
func explainMisuse(parser *kong.Kong, args []string, err error) error {
	if own, ok := errors.AsType[*misuse](err); ok {
		return own
	}
	if unknown := explainUnknownWord(parser.Model.Node, args); unknown != nil {
		return unknown
	}
	if refused, ok := errors.AsType[*kong.ParseError](err); ok {
		node := refused.Context.Selected()
		if node == nil {
			node = parser.Model.Node
		}
		explain := explainIncomplete
		if refused.Context.Error != nil { // it stopped before the end
			explain = func(node *kong.Node) error { return explainNoValue(node, args) }
		}
		if explained := explain(node); explained != nil {
			return explained
		}
		if explained := explainNoChoice(refused.Context); explained != nil {
			return explained
		}
	}
	if _, err := parser.Parse(hideValues(args)); err != nil {
		return misusef("%s; see latchkey --help", err)
	}
	return misusef("a value on the command line does not have the form that its flag needs; see latchkey --help")
}

// checkFlags refuses a flag of the command that is given twice, of which one would not count, and one that is empty, as
// when a variable of a script is not set: it would select everything.
func checkFlags(command *kong.Context) error {
	given := map[*kong.Flag]bool{}
	for _, step := range command.Path {
		flag := step.Flag
		if flag == nil || flag.IsBool() || flag.IsCumulative() {
			continue
		}
		if isOwn := slices.Contains(command.Selected().Flags, flag); isOwn && given[flag] {
			return misusef("--%s is given twice: leave one of them out", flag.Name)
		}
		given[flag] = true
		if flag.Target.Kind() == reflect.String && flag.Target.Len() == 0 {
			return misusef("--%s is empty: give a value, or leave it out", flag.Name)
		}
	}
	return nil
}

// explainIncomplete explains a command line in which each argument by itself is understood: what the command lacks, or
// which flags are mutually exclusive. It returns nil if neither is the case.
func explainIncomplete(node *kong.Node) error {
	if len(node.Children) > 0 {
		var names []string
		for _, child := range node.Children {
			if !child.Hidden {
				names = append(names, child.Name)
			}
		}
		return misusef("the command is missing: write %s and one of %s; see %s --help", node.FullPath(),
			strings.Join(names, ", "), node.FullPath())
	}
	usage := []string{node.FullPath()}
	var missing []string
	for _, argument := range node.Positional {
		name := strings.ToUpper(argument.Name)
		if argument.Required && !argument.Set {
			missing = append(missing, name)
		}
		if argument.IsCumulative() {
			name += " ..."
		}
		usage = append(usage, name)
	}
	exclusive := map[string]*kong.Flag{}
	for _, flag := range node.Flags {
		if flag.Required {
			usage = append(usage, flag.Summary())
			if !flag.Set {
				missing = append(missing, "--"+flag.Name)
			}
		}
		for _, group := range flag.Xor {
			if other := exclusive[group]; flag.Set && other != nil {
				return misusef("--%s and --%s are mutually exclusive: leave one of them out; see %s --help",
					other.Name, flag.Name, node.FullPath())
			}
			if flag.Set {
				exclusive[group] = flag
			}
		}
	}
	if len(missing) == 0 {
		return nil
	}
	verb := "is"
	if len(missing) > 1 {
		verb = "are"
	}
	return misusef("%s %s missing: write %s; see %s --help",
		strings.Join(missing, " and "), verb, strings.Join(usage, " "), node.FullPath())
}

// explainNoChoice explains a flag or an argument that takes one of a few words and has been given another one. It
// returns nil if there is none.
func explainNoChoice(command *kong.Context) error {
	for _, step := range command.Path {
		value := step.Positional
		if step.Flag != nil {
			value = step.Flag.Value
		}
		if value == nil || value.Enum == "" {
			continue
		}
		choices, typed := value.EnumSlice(), command.Value(step).String()
		if slices.Contains(choices, typed) {
			continue
		}
		last, problem := len(choices)-1, fmt.Sprintf("there is no %s %q", value.Name, harmless(typed))
		if step.Flag != nil {
			problem = fmt.Sprintf("--%s: %q is not one of its values", value.Name, harmless(typed))
		}
		return misusef("%s: use %s or %s; see %s --help", problem,
			strings.Join(choices[:last], ", "), choices[last], command.Selected().FullPath())
	}
	return nil
}

// explainNoValue explains a flag of the command that has no value. It returns nil if there is no such flag.
func explainNoValue(node *kong.Node, args []string) error {
	if end := slices.Index(args, "--"); end >= 0 {
		args = args[:end]
	}
	for i, arg := range args {
		flag := flagNamed(node, arg)
		hasValue := i+1 < len(args) && (args[i+1] == "-" || !strings.HasPrefix(args[i+1], "-"))
		if flag == nil || flag.IsBool() || hasValue {
			continue
		}
		return misusef("--%s needs a value, and what begins with a hyphen is a flag: write %s; see %s --help",
			flag.Name, flag.Summary(), node.FullPath())
	}
	return nil
}

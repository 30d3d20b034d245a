package cli

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// completion prints the script that makes a shell complete the command line.
type completion struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell: bash, zsh or fish."`
}

// Help says how to use the script.
func (completion) Help() string {
	return "Add this line to the file that the shell reads when it starts:\n\n" +
		"    bash, ~/.bashrc: source <(latchkey completion bash)\n" +
		"    zsh, ~/.zshrc, after compinit: source <(latchkey completion zsh)\n" +
		"    fish, ~/.config/fish/config.fish: latchkey completion fish | source"
}

// Run prints the script. The script asks the program at every completion, so that a newer program needs no newer
// script.
func (c *completion) Run(app *app) error { return app.printLine(completionScripts[c.Shell]) }

// completionScripts pass the words up to the cursor to latchkey complete. If that proposes nothing, the shell proposes
// files.
var completionScripts = map[string]string{
	"bash": `_latchkey() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("${line%%$'\t'*}")
    done < <(latchkey complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _latchkey latchkey`,
	"zsh": `_latchkey() {
    local -a candidates
    local line
    for line in "${(@f)$(latchkey complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
        [[ -n $line ]] && candidates+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}")
    done
    if (( $#candidates )); then
        _describe latchkey candidates
    else
        _files
    fi
}
compdef _latchkey latchkey`,
	"fish": `function __latchkey_complete
    set -l words (commandline -opc) (commandline -ct)
    set -l candidates (latchkey complete -- $words[2..-1] 2>/dev/null)
    test (count $candidates) -gt 0
    and printf '%s\n' $candidates
    or __fish_complete_path (commandline -ct)
end
complete -c latchkey -f -a '(__latchkey_complete)'`,
}

// complete proposes how to complete a word of the command line. The scripts of latchkey completion call it.
type complete struct {
	Words []string `arg:"" optional:""`
}

// candidate is a word that might stand at the cursor.
type candidate struct{ word, help string }

// knownValues are the values of flags and arguments, by the name in their tag. They are the same for every database, so
// that completion reads none.
var knownValues = map[string]func() []string{
	"actions":                actionNames,
	"event-columns":          eventListing.names,
	"group-columns":          groupListing.names,
	"member-columns":         memberListing.names,
	"role-columns":           roleListing.names,
	"sort-columns":           sortNames,
	"technical-user-columns": technicalUserListing.names,
	"token-columns":          tokenListing.names,
	"drift-policies":         driftPolicyNames,
	"expiry-policies":        expiryPolicyNames,
	"graces":                 graceNames,
	"roles":                  tokens.BuiltInRoleNames,
	"outcomes":               outcomeNames,
	"statuses":               statusNames,
	"visibilities":           visibilityNames,
}

// Run prints one candidate per line, with its help after a tab. The last word is the one to complete.
func (c *complete) Run(parsed *kong.Context, app *app) error {
	for _, candidate := range candidates(parsed.Model.Node, c.Words) {
		if err := app.printLine(candidate.word + "\t" + candidate.help); err != nil {
			return err
		}
	}
	return nil
}

// candidates returns the ways to complete the last of the words.
func candidates(node *kong.Node, words []string) []candidate {
	if len(words) == 0 {
		words = []string{""}
	}
	last := words[len(words)-1]
	arguments := 0
	var flag *kong.Flag // the one whose value comes next
	for _, word := range words[:len(words)-1] {
		switch {
		case word == "=": // bash splits --flag=value
		case flag != nil:
			flag = nil
		case strings.HasPrefix(word, "-"):
			if found := flagNamed(node, word); found != nil && !found.IsBool() {
				flag = found
			}
		default:
			if child := childNamed(node, word); child != nil {
				node, arguments = child, 0
			} else {
				arguments++
			}
		}
	}
	if flag != nil {
		return valuesFor(flag.Value, "", strings.TrimPrefix(last, "="))
	}
	if name, value, assigned := strings.Cut(last, "="); assigned {
		if found := flagNamed(node, name); found != nil {
			return valuesFor(found.Value, name+"=", value)
		}
		return nil
	}
	return wordsFor(node, arguments, last)
}

// wordsFor returns the flags, the commands or the values of the next argument that begin like a word.
func wordsFor(node *kong.Node, argument int, begun string) []candidate {
	var all []candidate
	switch {
	case strings.HasPrefix(begun, "-"):
		for _, flags := range node.AllFlags(true) {
			for _, flag := range flags {
				all = append(all, candidate{"--" + flag.Name, flag.Help})
			}
		}
	case len(node.Children) > 0:
		for _, child := range node.Children {
			if !child.Hidden {
				all = append(all, candidate{child.Name, child.Help})
			}
		}
	case argument < len(node.Positional):
		return valuesFor(node.Positional[argument], "", begun)
	}
	return slices.DeleteFunc(all, func(c candidate) bool { return !strings.HasPrefix(c.word, begun) })
}

// valuesFor returns the values that begin like a word, each with the text before it. In a list, the last one is
// completed.
func valuesFor(value *kong.Value, before, begun string) []candidate {
	if value.IsSlice() {
		comma := strings.LastIndexByte(begun, ',') + 1
		before, begun = before+begun[:comma], begun[comma:]
	}
	var known []string
	if list := knownValues[value.Tag.Get("values")]; list != nil {
		known = list()
	} else if value.Enum != "" {
		known = strings.Split(value.Enum, ",")
	}
	var all []candidate
	for _, word := range known {
		if strings.HasPrefix(word, begun) {
			all = append(all, candidate{before + word, ""})
		}
	}
	return all
}

// flagNamed returns the flag of a command or of those above it, or nil if there is none.
func flagNamed(node *kong.Node, word string) *kong.Flag {
	for _, flags := range node.AllFlags(false) {
		for _, flag := range flags {
			if "--"+flag.Name == word {
				return flag
			}
		}
	}
	return nil
}

func childNamed(node *kong.Node, name string) *kong.Node {
	for _, child := range node.Children {
		if child.Name == name {
			return child
		}
	}
	return nil
}

package cli

import (
	"context"
	"slices"
	"strings"
	"time"

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

// completionScripts pass what stands before the cursor to latchkey complete: bash the whole line, because the words that
// it splits it into depend on its settings and keep their quotes, the others the words. If that proposes nothing, the
// shell proposes files.
var completionScripts = map[string]string{
	"bash": `_latchkey() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("${line%%$'\t'*}")
    done < <(latchkey complete --breaks="$COMP_WORDBREAKS" --line="${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=/] ]]; then
        compopt -o nospace 2>/dev/null
    fi
}
complete -o default -F _latchkey latchkey`,
	"zsh": `_latchkey() {
    local -a candidates
    local line
    for line in "${(@f)$(latchkey complete -- "${(@Q)words[2,CURRENT-1]}" "${${(Q)words[CURRENT]}#[\"\']}" 2>/dev/null)}"; do
        [[ -n $line ]] && candidates+=("${${${line%%$'\t'*}//\\/\\\\}//:/\\:}:${line#*$'\t'}")
    done
    if (( $#candidates )); then
        _describe latchkey candidates
    else
        _files
    fi
}
compdef _latchkey latchkey`,
	"fish": `function __latchkey_complete
    set -l words (commandline -opc)
    set -l last (commandline -ct)
    set -l unquoted (string unescape -- $last)
    or set unquoted (string replace -r '^["\']' '' -- $last)
    set -l candidates (latchkey complete -- $words[2..-1] "$unquoted" 2>/dev/null)
    test (count $candidates) -gt 0
    and printf '%s\n' $candidates
    or __fish_complete_path $last
end
complete -c latchkey -f -a '(__latchkey_complete)'`,
}

// complete proposes how to complete a word of the command line. The scripts of latchkey completion call it.
type complete struct {
	Words  []string `arg:"" optional:""`
	Line   string   `help:"What stands before the cursor, with the quotes of bash, instead of the words."`
	Breaks string   `help:"The characters at which bash breaks words."`
}

// candidate is a word that might stand at the cursor.
type candidate struct{ word, help string }

// knownValues are the values of flags and arguments, by the name in their tag, that are the same for every database.
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
	"endpoints":              func() []string { return []string{"https://"} },
	"expiry-policies":        expiryPolicyNames,
	"graces":                 graceNames,
	"roles":                  tokens.BuiltInRoleNames,
	"outcomes":               outcomeNames,
	"statuses":               statusNames,
	"visibilities":           visibilityNames,
}

// Run prints one candidate per line, with its help after a tab. The last word is the one to complete.
func (c *complete) Run(ctx context.Context, parsed *kong.Context, app *app) error {
	words, insertion := c.Words, func(word string) string { return word }
	if c.Line != "" {
		line := readBashLine(c.Line, c.Breaks)
		words, insertion = line.words[1:], line.insertion
	}
	for _, candidate := range app.candidates(ctx, parsed.Model.Node, words) {
		if err := app.printLine(insertion(candidate.word) + "\t" + candidate.help); err != nil {
			return err
		}
	}
	return nil
}

// completer proposes words for one place in a command line.
type completer struct {
	// line is what stands before the word to complete.
	line line
	// objects returns the objects of a kind that may be meant by the beginning of a word.
	objects func(kind tokens.Kind, begun string) []namedObject
}

// completionTimeout is how long somebody who completes a word waits for the names of objects, which a server may never send.
const completionTimeout = 2 * time.Second

// candidates returns the ways to complete the last of the words.
func (a *app) candidates(ctx context.Context, root *kong.Node, words []string) []candidate {
	if len(words) > 1 && words[0] == "help" {
		words = words[1:]
	}
	if len(words) == 0 {
		words = []string{""}
	}
	last := words[len(words)-1]
	line := readLine(root, words[:len(words)-1])
	if line.unknown != "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, completionTimeout)
	defer cancel()
	c := completer{line: line, objects: a.objectsFor(ctx, line)}
	if line.flag != nil {
		return c.values(line.flag.Value, "", last)
	}
	if name, value, assigned := strings.Cut(last, "="); assigned && strings.HasPrefix(name, "-") && !line.argumentsOnly {
		if found := flagNamed(line.node, name); found != nil {
			return c.values(found.Value, name+"=", value)
		}
		return nil
	}
	return c.words(last)
}

// words returns the flags, the commands or the values of the next argument that begin like a word.
func (c completer) words(begun string) []candidate {
	var all []candidate
	switch {
	case strings.HasPrefix(begun, "-") && !c.line.argumentsOnly:
		for _, flags := range c.line.node.AllFlags(true) {
			for _, flag := range flags {
				all = append(all, candidate{"--" + flag.Name, flag.Help})
			}
		}
	case len(c.line.node.Children) > 0:
		for _, child := range c.line.node.Children {
			if !child.Hidden {
				all = append(all, candidate{child.Name, child.Help})
			}
		}
	case c.line.argument() != nil:
		return c.values(c.line.argument(), "", begun)
	}
	return slices.DeleteFunc(all, func(c candidate) bool { return !strings.HasPrefix(c.word, begun) })
}

// values returns the values that begin like a word, each with the text before it. In a list, the last one is completed.
func (c completer) values(value *kong.Value, before, begun string) []candidate {
	if value.Flag != nil && value.IsSlice() {
		comma := strings.LastIndexByte(begun, ',') + 1
		before, begun = before+begun[:comma], begun[comma:]
	}
	var known []string
	if list := knownValues[value.Tag.Get("values")]; list != nil {
		known = list()
	} else if value.Enum != "" {
		known = strings.Split(value.Enum, ",")
	}
	all := c.objectValues(value, begun)
	for _, word := range known {
		if strings.HasPrefix(word, begun) {
			all = append(all, candidate{word, ""})
		}
	}
	for i := range all {
		all[i].word = before + all[i].word
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

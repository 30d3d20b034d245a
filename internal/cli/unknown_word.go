package cli

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// explainUnknownWord explains the first word that the parser can't place: a flag or a command that does not exist, or an
// argument too many. It returns nil if there is none.
func explainUnknownWord(root *kong.Node, args []string) error {
	l := readLine(root, args)
	if l.unknown == "" {
		return nil
	}
	help := "see " + l.node.FullPath() + " --help"
	word := fmt.Sprintf("%q", harmless(l.unknown))
	if strings.HasPrefix(l.unknown, "-") && l.unknown != onStandardInput && !l.argumentsOnly {
		name, _, _ := strings.Cut(l.unknown, "=")
		text := "there is no flag " + hideValues([]string{name})[0]
		if hint := flagHint(root, l.node, name); hint != "" {
			return misusef("%s: %s; %s", text, hint, help)
		}
		return misusef("%s; %s", text, help)
	}
	switch hint := commandHint(l); {
	case hint != "":
		return misusef("there is no command %s: %s", word, hint)
	case len(l.node.Children) > 0:
		return misusef("there is no command %s; %s", word, help)
	case len(l.node.Positional) == 0:
		return misusef("%s takes no argument, and %s is one; %s", l.node.FullPath(), word, help)
	}
	return misusef("%s takes one argument only, and %s is another; quote a name with blanks; %s", l.node.FullPath(), word,
		help)
}

// flagHint says which flag somebody may have meant.
func flagHint(root, node *kong.Node, typed string) string {
	if meant := foreignFlags[typed]; meant != "" && flagNamed(node, meant) != nil {
		return "did you mean " + meant + "?"
	}
	var known []string
	for _, flags := range node.AllFlags(true) {
		for _, flag := range flags {
			known = append(known, flag.Name)
		}
	}
	if near := nearest(strings.TrimLeft(typed, "-"), known); near != "" {
		return "did you mean --" + near + "?"
	}
	if len(node.Children) > 0 {
		for _, leaf := range root.Leaves(true) {
			if flagNamed(leaf, typed) != nil {
				return "it is a flag of " + leaf.FullPath() + ", say, and stands behind the command"
			}
		}
	}
	return ""
}

// foreignFlags are flags of other programs, with the flag that does the same here.
var foreignFlags = map[string]string{
	"-o": "--json", "--output": "--json", "--format": "--json", "-n": "--limit", "-L": "--limit", "--max": "--limit",
	"-y": "--yes", "-f": "--yes", "--force": "--yes", "--confirm": "--yes", "--auto-approve": "--yes", "-q": "--search",
	"--filter": "--search", "--query": "--search", "--expires": "--ttl", "--expiry": "--ttl", "--duration": "--ttl",
	"--expires-in": "--ttl", "--label": "--name", "--title": "--name", "--db": "--database", "--file": "--database",
	"--user": "--technical-user", "--service-account": "--technical-user", "--as": "--act-as", "--message": "--reason",
	"-m": "--reason", "--comment": "--reason", "--id": "--object", "--token": "--object", "--order-by": "--sort",
	"--sort-by": "--sort", "--reverse": "--desc", "--fields": "--columns", "--overlap": "--grace-period",
	"--server": "--endpoint", "--url": "--endpoint", "--address": "--endpoint", "--addr": "--endpoint", "--host": "--endpoint",
}

// otherWords are what people of other programs type for a command, with the commands that do it here.
var otherWords = map[string][]string{
	"ls": {"list"}, "all": {"list"}, "search": {"list"}, "find": {"list"}, "dump": {"list"},
	"get": {"show", "list"}, "describe": {"show", "list"}, "view": {"show", "list"}, "info": {"show", "list"},
	"inspect": {"show", "list"}, "lookup": {"show", "list"}, "cat": {"show", "list"}, "read": {"show", "list"},
	"rm": {"delete", "prune"}, "remove": {"delete", "prune"}, "del": {"delete"}, "destroy": {"delete"},
	"new": {"create"}, "add": {"create"}, "make": {"create"}, "issue": {"create"}, "generate": {"create"},
	"mint": {"create"}, "update": {"edit"}, "set": {"edit"}, "modify": {"edit"}, "rename": {"edit"}, "change": {"edit"},
	"extend": {"edit"}, "rotate": {"regenerate"}, "renew": {"regenerate"}, "roll": {"regenerate"}, "reset": {"regenerate"},
	"refresh": {"regenerate"}, "check": {"verify", "doctor"}, "introspect": {"verify"}, "validate": {"verify"},
	"test": {"verify"}, "revoke": {"hold", "disable"}, "stop": {"hold", "disable"}, "block": {"hold", "disable"},
	"kill": {"hold", "disable"}, "suspend": {"hold", "disable"}, "freeze": {"hold"}, "lock": {"hold"},
	"deactivate": {"disable"}, "unhold": {"release"}, "unblock": {"release", "enable"}, "resume": {"release", "enable"},
	"unlock": {"release"}, "activate": {"enable"}, "grant": {"share"}, "invite": {"share"},
	"user": {"technical-user", "member"}, "users": {"technical-user", "member"}, "account": {"technical-user"},
	"accounts": {"technical-user"}, "service-account": {"technical-user"}, "sa": {"technical-user"},
	"person": {"member"}, "people": {"member"}, "team": {"group"}, "teams": {"group"}, "space": {"group"},
	"audit": {"event"}, "log": {"event"}, "logs": {"event"}, "history": {"event"}, "secret": {"token"},
	"secrets": {"token"}, "key": {"token"}, "keys": {"token"}, "import": {"import-blocks"}, "diagnose": {"doctor"},
	"status": {"doctor"}, "init": {"bootstrap", "doctor"}, "setup": {"bootstrap"}, "server": {"serve"}, "start": {"serve"},
	"daemon": {"serve"}, "listen": {"serve"},
}

// nothingToDo answers what people of other programs begin with and what does not exist here.
var nothingToDo = map[string]string{
	"whoami": "whoever can write the database file is its owner, and --act-as EMAIL works as a member instead; a server, " +
		"--endpoint, knows who asks by the access token",
	"login":  nobodyToLogIn,
	"logout": nobodyToLogIn,
	"auth":   nobodyToLogIn,
	"config": "there is nothing to configure but --database, or LATCHKEY_DATABASE; and, for a server, --endpoint and " +
		"--token-file, or LATCHKEY_ENDPOINT and LATCHKEY_TOKEN",
	"apply": "terraform apply does that, with the provider that this program is, too",
	"plan":  "terraform plan does that, with the provider that this program is, too",
}

// nobodyToLogIn answers those who want to log in or out.
const nobodyToLogIn = "there is nobody to log in: whoever can write the database file, --database, is its owner, and a " +
	"server, --endpoint, knows who asks by the access token in LATCHKEY_TOKEN or --token-file"

// commandHint says which command somebody may have meant.
func commandHint(l line) string {
	if l.node.Parent == nil && nothingToDo[l.unknown] != "" {
		return nothingToDo[l.unknown]
	}
	for _, parent := range commandsFor(l.node) {
		var meant []string
		for _, name := range append(otherWords[l.unknown], l.unknown, strings.TrimSuffix(l.unknown, "s")) {
			if child := childNamed(parent, name); child != nil && !child.Hidden && !slices.Contains(meant, child.FullPath()) {
				meant = append(meant, fullCommand(child, l.rest))
			}
		}
		if len(meant) > 0 {
			return "did you mean " + strings.Join(meant, " or ") + "?"
		}
	}
	if words := otherWords[l.unknown]; slices.ContainsFunc(append(words, l.unknown), madeByTerraform) && l.node.Parent != nil {
		return "a " + strings.ReplaceAll(l.node.Name, "-", " ") + " is made, changed and deleted by Terraform, as the resource " +
			"latchkey_" + strings.ReplaceAll(l.node.Name, "-", "_")
	}
	for _, parent := range commandsFor(l.node) {
		var known []string
		for _, child := range parent.Children {
			if !child.Hidden {
				known = append(known, child.Name)
			}
		}
		if near := nearest(l.unknown, known); near != "" {
			return "did you mean " + fullCommand(childNamed(parent, near), l.rest) + "?"
		}
	}
	return ""
}

// commandsFor returns where a command may be that somebody typed behind another one: there, and of those that stand at the
// beginning, among the commands for access tokens.
func commandsFor(node *kong.Node) []*kong.Node {
	if token := childNamed(node, "token"); token != nil && node.Parent == nil {
		return []*kong.Node{node, token}
	}
	return []*kong.Node{node}
}

// madeByTerraform reports whether a command would make, change or delete an object. For tokens there are such commands.
func madeByTerraform(command string) bool {
	return command == "create" || command == "edit" || command == "delete"
}

// fullCommand returns a command with those of the words after it that name a command of it.
func fullCommand(node *kong.Node, rest []string) string {
	if len(rest) > 0 {
		if child := childNamed(node, rest[0]); child != nil {
			return fullCommand(child, rest[1:])
		}
	}
	return node.FullPath()
}

// nearest returns the known word that a typed one is a misspelling of; empty for none.
func nearest(typed string, known []string) string {
	best, near := "", len(typed)/3+1
	for _, word := range known {
		if d := distance(typed, word); d <= 3 && (d < near || d == near && best == "") && d < len(typed) {
			best, near = word, d
		}
	}
	return best
}

// distance counts the letters by which two words differ: inserted, left out, replaced, or swapped with the next one.
func distance(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			replaced := rows[i-1][j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, replaced)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}

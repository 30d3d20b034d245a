package cli

// completion prints the script that makes a shell complete the command line.
type completion struct {
	Shell string `arg:"" enum:"bash,zsh,fish" help:"The shell: bash, zsh or fish."`
}

// Help says how to use the script.
func (completion) Help() string {
	return "To complete from now on, add this line to the file that the shell reads when it starts:\n\n" +
		"    bash, ~/.bashrc: source <(latchkey completion bash)\n" +
		"    zsh, ~/.zshrc, behind compinit: source <(latchkey completion zsh)\n" +
		"    fish, ~/.config/fish/config.fish: latchkey completion fish | source"
}

// Run prints the script. It asks the program again at every completion, so that a newer program needs no newer script.
func (c *completion) Run(app *app) error { return app.printLine(completionScripts[c.Shell]) }

// completionScripts pass the words before the cursor to latchkey complete. Where that proposes nothing the shell
// proposes files.
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

package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// grammar is the command line. Each command is a struct of its flags and arguments with a Run method.
type grammar struct {
	placeFlags
	Ver kong.VersionFlag `name:"version" help:"Show the version and exit." group:"common"`

	Token struct {
		List           tokenList           `cmd:"" help:"List access tokens."`
		Show           tokenShow           `cmd:"" help:"Show one access token."`
		Create         tokenCreate         `cmd:"" help:"Make an access token and print its value, only this once."`
		Edit           tokenEdit           `cmd:"" help:"Change the name, expiry, roles or policies of an access token."`
		Verify         tokenVerify         `cmd:"" help:"Check whether the value on standard input is good (exit 0) or not (exit 1)."`
		Disable        tokenDisable        `cmd:"" help:"Stop an access token until it is enabled."`
		Enable         tokenEnable         `cmd:"" help:"Let a disabled access token work again."`
		Hold           tokenHold           `cmd:"" help:"Stop an access token in an incident; no apply lifts a hold."`
		Release        tokenRelease        `cmd:"" help:"End a hold."`
		Regenerate     tokenRegenerate     `cmd:"" help:"Give an access token a new value; the old one ends at once or after a grace period."`
		RetirePrevious tokenRetirePrevious `cmd:"" help:"End the previous value of an access token before its grace period does."`
		Share          tokenShare          `cmd:"" help:"Let a member see or configure an access token."`
		Unshare        tokenUnshare        `cmd:"" help:"Stop sharing an access token with a member."`
		Delete         tokenDelete         `cmd:"" help:"Delete an access token for good."`
	} `cmd:"" help:"See, make, edit, stop, regenerate, share and delete access tokens."`
	TechnicalUser struct {
		List    technicalUserList    `cmd:"" help:"List technical users."`
		Show    technicalUserShow    `cmd:"" help:"Show one technical user and its access tokens."`
		Disable technicalUserDisable `cmd:"" help:"Stop a technical user and all of its access tokens until it is enabled."`
		Enable  technicalUserEnable  `cmd:"" help:"Let a disabled technical user work again."`
	} `cmd:"" help:"See and stop the accounts that access tokens belong to."`
	Member struct {
		List memberList `cmd:"" help:"List the members."`
		Show memberShow `cmd:"" help:"Show one member."`

		Token struct {
			Create memberTokenCreate `cmd:"" help:"Make a personal token and print its value, only this once."`
			List   memberTokenList   `cmd:"" help:"List the personal tokens of a member."`
			Delete memberTokenDelete `cmd:"" help:"Delete a personal token for good."`
		} `cmd:"" help:"Make, see and delete personal tokens, which act as their member."`
	} `cmd:"" help:"See the people of the organization, and their personal tokens."`
	Group struct {
		List groupList `cmd:"" help:"List the groups."`
		Show groupShow `cmd:"" help:"Show one group."`
	} `cmd:"" help:"See the groups of the organization."`
	Role struct {
		List roleList `cmd:"" help:"List the built-in and custom roles with their permissions."`
		Show roleShow `cmd:"" help:"Show one role and its permissions."`
	} `cmd:"" help:"See the roles that accounts and access tokens can have."`
	Event struct {
		List   eventList   `cmd:"" help:"List what was changed or refused, oldest first."`
		Prune  eventPrune  `cmd:"" help:"Delete old events for good."`
		Verify eventVerify `cmd:"" help:"Tell whether the audit log is whole, as it was written."`
	} `cmd:"" help:"Read and verify the audit log, and delete old events."`
	Serve        serve        `cmd:"" on:"file" help:"Answer gateways and APIs that ask whether a value is good."`
	Bootstrap    bootstrap    `cmd:"" on:"file" help:"Make the first access token that may do everything, in a new or an existing database."`
	Scan         scan         `cmd:"" help:"Find values of access tokens in files, and exit with 1 if any is live."`
	Backup       backup       `cmd:"" on:"file" help:"Copy the database to a new file while it is in use."`
	Restore      restore      `cmd:"" on:"file" help:"Replace the database with a backup."`
	Migrate      migrate      `cmd:"" on:"file" help:"Move the database to another place, such as PostgreSQL."`
	ImportBlocks importBlocks `cmd:"" help:"Write Terraform import blocks for what is in the database, to recover a lost state."`
	Doctor       doctor       `cmd:"" on:"file" help:"Examine the database and report problems."`
	Completion   completion   `cmd:"" on:"nothing" help:"Print the script that completes commands, flags and names in a shell."`
	Complete     complete     `cmd:"" on:"nothing" hidden:""`
	Version      showVersion  `cmd:"" on:"nothing" help:"Show the version."`
	Debug        debug        `cmd:"" on:"nothing" help:"Serve the provider to a debugger."`
}

// commonFlags are those of all commands. Help shows them after the command's own.
var commonFlags = kong.Group{Key: "common", Title: "Common flags:"}

// parse reads the command line. It returns the command to run, or neither a command nor an error if the parser has
// already answered (--help).
func parse(env Env) (func(context.Context) error, error) {
	var g grammar
	answered := false
	parser, err := kong.New(&g,
		kong.Name("latchkey"),
		kong.Description("See, make, stop and verify the access tokens of a Latchkey database. "+
			"Terraform runs the same program as its provider.\n\n"+
			"Commands work on the database file or, with --endpoint, through a server (latchkey serve), which knows who asks by "+
			"an access token. A flag beats the environment as a whole. serve, bootstrap, backup, restore, migrate and doctor work "+
			"on the database itself.\n\n"+exitCodes),
		kong.Writers(env.Stdout, env.Stderr),
		kong.Exit(func(int) { answered = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.ExplicitGroups([]kong.Group{commonFlags}),
		kong.Vars{
			"version":              versionText(env.Version),
			"group_help":           groupHelp,
			"member_help":          memberHelp,
			"own_member_help":      ownMemberHelp,
			"personal_tokens_help": personalTokensHelp,
			"role_help":            roleHelp,
			"token_help":           tokenHelp,
			"tokens_help":          tokensHelp,
			"technical_user_help":  technicalUserHelp,
			"technical_users_help": technicalUsersHelp,
		},
		listedValues(),
	)
	if err != nil {
		return nil, err
	}
	parser.Model.HelpFlag.Group = &commonFlags
	addExamples(parser.Model.Node)
	args := withHelp(env.Args)
	command, err := parser.Parse(args)
	switch {
	case answered:
		return nil, nil
	case err != nil:
		return nil, explainMisuse(parser, args, err)
	}
	if err := checkFlags(command); err != nil {
		return nil, err
	}
	place, err := g.place(&env, command.Selected().FullPath(), command.Selected().Tag.Get("on"))
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		command.BindTo(ctx, (*context.Context)(nil))
		return command.Run(&app{env, place})
	}, nil
}

// listedValues are the known values of flags and arguments, by their names with underscores, for texts of help.
func listedValues() kong.Vars {
	vars := kong.Vars{}
	for name, values := range knownValues {
		vars[strings.ReplaceAll(name, "-", "_")] = strings.Join(values(), ", ")
	}
	return vars
}

// withHelp turns latchkey help token list into latchkey token list --help, and adds --help if there is nothing else.
func withHelp(args []string) []string {
	switch {
	case len(args) == 0:
		return []string{"--help"}
	case args[0] == "help":
		return append(slices.Clone(args[1:]), "--help")
	case len(args) == 2 && args[1] == "help":
		return []string{args[0], "--help"}
	}
	return args
}

package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// grammar is the command line. Each command is a struct of its flags and arguments with a Run method.
type grammar struct {
	Database *string          `help:"The database file (or set LATCHKEY_DATABASE). Default: latchkey.db." placeholder:"PATH" group:"common"`
	ActAs    *string          `help:"Act with the permissions of the member with this e-mail address, not as the owner of the database." placeholder:"EMAIL" group:"common" values:"members"`
	Ver      kong.VersionFlag `name:"version" help:"Show the version and exit." group:"common"`

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
	} `cmd:"" help:"See the people of the organization."`
	Group struct {
		List groupList `cmd:"" help:"List the groups."`
		Show groupShow `cmd:"" help:"Show one group."`
	} `cmd:"" help:"See the groups of the organization."`
	Role struct {
		List roleList `cmd:"" help:"List the built-in and custom roles with their permissions."`
		Show roleShow `cmd:"" help:"Show one role and its permissions."`
	} `cmd:"" help:"See the roles that accounts and access tokens can have."`
	Event struct {
		List  eventList  `cmd:"" help:"List what was changed or refused, oldest first."`
		Prune eventPrune `cmd:"" help:"Delete old events for good."`
	} `cmd:"" help:"Read the audit log and delete old events."`
	Serve        serve        `cmd:"" help:"Answer gateways and APIs that ask whether a value is good."`
	Bootstrap    bootstrap    `cmd:"" help:"Make the first access token that may do everything, in a new or an existing database."`
	Scan         scan         `cmd:"" help:"Find values of access tokens in files, and exit with 1 if any is live."`
	Backup       backup       `cmd:"" help:"Copy the database to a new file while it is in use."`
	Restore      restore      `cmd:"" help:"Replace the database with a backup."`
	ImportBlocks importBlocks `cmd:"" help:"Write Terraform import blocks for what is in the database, to recover a lost state."`
	Doctor       doctor       `cmd:"" help:"Examine the database and report problems."`
	Completion   completion   `cmd:"" help:"Print the script that completes commands, flags and names in a shell."`
	Complete     complete     `cmd:"" hidden:""`
	Version      showVersion  `cmd:"" help:"Show the version."`
	Debug        debug        `cmd:"" help:"Serve the provider to a debugger."`
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
			"Terraform runs the same program as its provider.\n\n"+exitCodes),
		kong.Writers(env.Stdout, env.Stderr),
		kong.Exit(func(int) { answered = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.ExplicitGroups([]kong.Group{commonFlags}),
		kong.Vars{
			"version":              versionText(env.Version),
			"group_help":           groupHelp,
			"member_help":          memberHelp,
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
	database, err := g.database(env)
	if err != nil {
		return nil, err
	}
	actAs, err := g.actAs()
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) error {
		command.BindTo(ctx, (*context.Context)(nil))
		return command.Run(&app{Env: env, database: database, actAs: actAs})
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

// database returns the path of the database: from the flag, else from the environment, else the default.
func (g *grammar) database(env Env) (string, error) {
	name, path := "--database", tokens.DefaultDatabase
	if g.Database != nil {
		path = *g.Database
	} else if fromEnv, ok := env.LookupEnv(tokens.DatabaseVariable); ok && fromEnv != "" {
		name, path = tokens.DatabaseVariable, fromEnv
	}
	if err := tokens.ValidateDatabasePath(name, path); err != nil {
		return "", misusef("%s", err)
	}
	return path, nil
}

// actAs returns the address of the member to act as, or an empty string for the owner of the database.
func (g *grammar) actAs() (string, error) {
	if g.ActAs == nil {
		return "", nil
	}
	if err := tokens.ValidateEmail("--act-as", *g.ActAs); err != nil {
		return "", misuseOf(*g.ActAs, err)
	}
	return *g.ActAs, nil
}

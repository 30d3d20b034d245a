package cli

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"runtime"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// place is where a command works: on a database, or through a server.
type place struct {
	// database is the path of the database, or the address of a PostgreSQL server, which may hold a password.
	database string
	// location is where the database is, as people may read it.
	location string
	// actAs is the address of the member whose permissions the commands have; empty for the owner of the file.
	actAs string
	// server is the server to ask in place of the database; nil for none.
	server *server
	// isInsecure means that plain HTTP may leave this machine.
	isInsecure bool
}

// server is a server to ask, and the access token by which it knows who asks.
type server struct {
	endpoint *url.URL
	token    tokens.Secret
}

// placeFlags say where a command works, together with the environment; see tokens.ChoosePlace.
type placeFlags struct {
	Database  *string `help:"The database: a file, or postgres://… (or set LATCHKEY_DATABASE). Default: latchkey.db." placeholder:"PATH" group:"common"`
	ActAs     *string `help:"Act with the permissions of the member with this e-mail address, not as the owner of the database." placeholder:"EMAIL" group:"common" values:"members"`
	Endpoint  string  `help:"Work through the server at this address, not on a file (or set LATCHKEY_ENDPOINT)." placeholder:"URL" group:"common" values:"endpoints"`
	TokenFile string  `help:"The file with the access token for the server; - is standard input. Default: the value of LATCHKEY_TOKEN." placeholder:"FILE" group:"common"`
	Insecure  bool    `help:"Speak plain HTTP with other machines, too: whoever sees the traffic sees the values." group:"common"`
}

// The tag "on" of a command says on what it works, unless on the objects of any place.
const (
	// onFile is for commands on the database file as such, which no server can do for somebody elsewhere.
	onFile = "file"
	// onNothing is for commands that ask for nothing.
	onNothing = "nothing"
)

// place returns where a command works that has a name and a tag "on". It may read standard input.
func (f *placeFlags) place(env *Env, command, on string) (p place, err error) {
	if on == onNothing {
		return place{}, nil
	}
	p.isInsecure = f.Insecure
	if p.actAs, err = f.member(); err != nil {
		return p, err
	}
	environment := tokens.PlaceNamesInEnvironment(env.variable)
	if on == onFile {
		if err := f.refuseServer(environment, command); err != nil {
			return p, err
		}
		environment.Endpoint, environment.HasToken = nil, false
	}
	chosen, conflict := tokens.ChoosePlace(f.named(), environment)
	switch {
	case conflict == tokens.ConflictGiven:
		return p, misusef("--endpoint and --database are mutually exclusive: leave one of them out")
	case conflict == tokens.ConflictInEnvironment:
		return p, misusef("%s names a server and %s a database: unset one of them, or say --endpoint or --database",
			tokens.EndpointVariable, tokens.DatabaseVariable)
	case chosen.IsServer:
		p.server, err = f.atServer(env, chosen, p.actAs)
		return p, err
	case f.TokenFile != "":
		return p, misusef("--token-file is for a server: name that with --endpoint, or leave --token-file out")
	case f.Insecure && on != onFile:
		return p, misusef("--insecure is for a server: name that with --endpoint, or leave --insecure out")
	case conflict == tokens.ConflictTokenAlone:
		return p, misusef("%s holds an access token for a server, and nothing names one: say --endpoint or set %s; to work on a "+
			"file, name that with --database or %s, or unset %s",
			tokens.TokenVariable, tokens.EndpointVariable, tokens.DatabaseVariable, tokens.TokenVariable)
	}
	p.database = chosen.Name
	name := tokens.DatabaseVariable
	if chosen.IsGiven {
		name = "--database"
	}
	if p.location, err = locate(name, p.database); err != nil {
		return p, misusef("%s", err)
	}
	return p, nil
}

// named returns what the flags name.
func (f *placeFlags) named() tokens.PlaceNames {
	names := tokens.PlaceNames{Database: f.Database, HasToken: f.TokenFile != ""}
	if f.Endpoint != "" {
		names.Endpoint = &f.Endpoint
	}
	return names
}

// refuseServer refuses to run a command that works on the database file where a server is named in its place.
func (f *placeFlags) refuseServer(environment tokens.PlaceNames, command string) error {
	switch {
	case f.Endpoint != "":
		return misusef("%s works on the database file: run it on the machine where that is, and leave --endpoint out", command)
	case environment.Endpoint != nil && environment.Database == nil && f.Database == nil:
		return misusef("%s works on the database file, and %s names a server: run it on the machine where the file is, "+
			"and name that with --database or %s", command, tokens.EndpointVariable, tokens.DatabaseVariable)
	}
	return nil
}

// atServer returns the server that was chosen, where nobody acts as somebody else.
func (f *placeFlags) atServer(env *Env, chosen tokens.Place, actAs string) (*server, error) {
	name := tokens.EndpointVariable
	if chosen.IsGiven {
		name = "--endpoint"
	}
	if actAs != "" {
		return nil, misusef("--act-as and %s are mutually exclusive: a server works for whoever holds the access token; "+
			"leave --act-as out, or name a database file with --database", name)
	}
	address, err := parseEndpoint(name, chosen.Name, f.Insecure)
	if err != nil {
		return nil, misusef("%s", explain(err)) // which repeats no more of the address than the host
	}
	token, err := f.token(env, address)
	if err != nil {
		return nil, err
	}
	return &server{address, token}, nil
}

// member returns the address of the member to act as, or an empty string for the owner of the database.
func (f *placeFlags) member() (string, error) {
	if f.ActAs == nil {
		return "", nil
	}
	if err := tokens.ValidateEmail("--act-as", *f.ActAs); err != nil {
		return "", misuseOf(*f.ActAs, err)
	}
	return *f.ActAs, nil
}

// token returns the access token by which to ask a server: from the file, else from the environment.
func (f *placeFlags) token(env *Env, endpoint *url.URL) (tokens.Secret, error) {
	source, text := tokens.TokenVariable, env.variable(tokens.TokenVariable)
	if f.TokenFile != "" {
		var err error
		source = "--token-file"
		if text, err = f.readToken(env); err != nil {
			return tokens.Secret{}, err
		}
	} else if text == "" {
		return tokens.Secret{}, misusef("the server at %s asks for an access token: set %s, or name a file that holds one with "+
			"--token-file", endpoint, tokens.TokenVariable)
	}
	token, ok := tokens.PresentedSecret(strings.TrimSpace(text))
	if !ok {
		return tokens.Secret{}, misusef("%s: what it holds is no access token: there must be the value alone, without quotes; "+
			"was it copied whole?", source)
	}
	return token, nil
}

// readToken reads what the file with the access token holds.
func (f *placeFlags) readToken(env *Env) (string, error) {
	if f.TokenFile == onStandardInput {
		return env.readTokenFromInput()
	}
	file, err := os.Open(f.TokenFile)
	if err != nil {
		return "", f.cannotRead(err)
	}
	text, err := readSecretFile(file)
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	if _, ok := errors.AsType[*misuse](err); ok {
		return "", err
	}
	if err != nil {
		return "", f.cannotRead(err)
	}
	return text, nil
}

// cannotRead is the error of a file with the access token that can't be read. It repeats the name only if that can't be a
// secret.
func (f *placeFlags) cannotRead(err error) error {
	return &unreadable{fmt.Errorf("unable to read the access token: --token-file %s: %w", harmless(f.TokenFile), cause(err))}
}

// readSecretFile reads a file with a value, unless other users of this machine can do that, too. What is no file on a disk,
// such as a pipe of the shell, has no permissions that say so.
func readSecretFile(file *os.File) (string, error) {
	info, err := file.Stat()
	if err != nil {
		return "", err
	}
	if mode := info.Mode(); runtime.GOOS != "windows" && mode.IsRegular() && mode.Perm()&0o007 != 0 {
		return "", misusef("--token-file: every user of this machine can read or change %s (its mode is %04o): run chmod 600 on "+
			"it, and regenerate the token if somebody may have read it", harmless(file.Name()), mode.Perm())
	}
	text, err := io.ReadAll(io.LimitReader(file, longestInput))
	return string(text), err
}

// readTokenFromInput reads the access token for a server from standard input, hidden if that is a terminal. Otherwise
// nothing is left there for the command.
func (e *Env) readTokenFromInput() (string, error) {
	if e.StdinTerminal {
		return e.readHidden("Access token (not shown): ")
	}
	text, err := io.ReadAll(io.LimitReader(e.Stdin, longestInput))
	if err != nil {
		return "", &unreadable{fmt.Errorf("unable to read the access token from standard input: %w", err)}
	}
	e.Stdin = takenInput{}
	return string(text), nil
}

// takenInput is standard input after the access token for the server was read from it.
type takenInput struct{}

// Read implements io.Reader.
func (takenInput) Read([]byte) (int, error) {
	return 0, misusef("standard input held the access token for the server: name a file with --token-file, or set %s, where "+
		"the command itself reads standard input", tokens.TokenVariable)
}

// variable returns the value of an environment variable; empty for none.
func (e *Env) variable(name string) string {
	value, _ := e.LookupEnv(name)
	return value
}

package cli_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/cli"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/httpapi"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/service"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// onlyOnFile are the scripts that can't work through a server, each with the reason.
var onlyOnFile = map[string]string{
	"act_as_nobody":     "nobody holds an access token of a member who does not exist",
	"backup":            "a backup copies the file",
	"bootstrap":         "a bootstrap is for whoever can write the file",
	"completion":        "it shows what is completed without a database, and a server has one",
	"database":          "it is about the name of the file",
	"doctor":            "it examines the file",
	"doctor_ephemeral":  "it examines the file",
	"migrate":           "it moves the file",
	"missing":           "a server has a database",
	"newer_schema":      "a server of an older version can't know who asks",
	"owner_of_the_file": "whoever asks a server has an account",
	"place":             "it is about the choice between a file and a server",
	"restore":           "a restore replaces the file",
	"serve":             "it is about the server itself",
}

// owner is the member who works through a server as the owner of the file does there.
const owner = "ben@example.com"

// personalTokens are the variables of scripts that hold the personal tokens of members.
var personalTokens = map[string]string{
	owner: "value_personal_ben", "anna@example.com": "value_personal_anna", "carla@example.com": "value_personal_carla",
}

// served returns the environment of a command that works through a server, and what ends that server. Commands on the file
// itself stay there.
func served(env cli.Env) (through cli.Env, end func()) {
	if len(env.Args) > 0 && slices.Contains([]string{"backup", "doctor", "migrate", "restore"}, env.Args[0]) {
		return env, func() {}
	}
	var caller string
	env.Args, caller = withoutActAs(env.Args)
	opened := service.Open(service.Options{Database: "latchkey.db", Now: clock})
	server := httptest.NewServer(likeOnFile(httpapi.NewManagement(httpapi.ManagementOptions{
		As:  func(p tokens.Principal) tokens.Backend { return opened.As(p) },
		Now: clock,
	})))
	variables := map[string]string{
		"LATCHKEY_ENDPOINT": server.URL, "LATCHKEY_TOKEN": os.Getenv(personalTokens[caller]),
	}
	env.LookupEnv = func(name string) (string, bool) {
		if value, ok := variables[name]; ok {
			return value, true
		}
		return os.LookupEnv(name)
	}
	texts := phrasesOnFile(caller)
	env.Stdout, env.Stderr = replacing{env.Stdout, texts}, replacing{env.Stderr, texts}
	return env, func() {
		server.Close()
		must(0, opened.Close())
	}
}

// withoutActAs returns a command line without --act-as for a member with a personal token, and who acts.
func withoutActAs(args []string) (rest []string, caller string) {
	caller = owner
	for i := 0; i < len(args); i++ {
		if args[i] == "--act-as" && i+1 < len(args) && personalTokens[strings.ToLower(args[i+1])] != "" {
			i++
			caller = strings.ToLower(args[i])
			continue
		}
		rest = append(rest, args[i])
	}
	return rest, caller
}

// replacing replaces phrases in what is written. Each message is written at once.
type replacing struct {
	io.Writer
	phrases *strings.Replacer
}

// Write implements io.Writer.
func (r replacing) Write(text []byte) (int, error) {
	if _, err := r.phrases.WriteString(r.Writer, string(text)); err != nil {
		return 0, err
	}
	return len(text), nil
}

// phrasesOnFile replaces what the command line says otherwise where it works through a server.
func phrasesOnFile(caller string) *strings.Replacer {
	seen := " that " + caller + " may see"
	if caller == owner {
		seen = ""
	}
	return strings.NewReplacer(" that you may see", seen, "by the access token of an owner", "without --act-as")
}

// Whoever works through a server is the holder of an access token, in events and messages, too.
var (
	ownersToken  = regexp.MustCompile(`ben@example\.com_tok_[0-9a-z]{26}`)
	membersToken = regexp.MustCompile(`((?:anna|carla)@example\.com)_tok_[0-9a-z]{26}`)
)

// likeOnFile lets a server call those who ask as they are called on the file: the owner by the name of who runs the
// commands, and members by their address. The owner of a file has no account that creates what it creates.
func likeOnFile(server http.Handler) http.Handler {
	creator := []byte(`"creator_id":"` + os.Getenv("id_ben") + `"`)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		if actor := query.Get("actor"); strings.HasPrefix(actor, "local:ben@") {
			query.Set("actor", owner+"_*")
		} else if personalTokens[actor] != "" {
			query.Set("actor", actor+"_*")
		}
		r.URL.RawQuery = query.Encode()
		answer := httptest.NewRecorder()
		server.ServeHTTP(answer, r)
		text := ownersToken.ReplaceAll(answer.Body.Bytes(), []byte("local:ben@laptop"))
		text = membersToken.ReplaceAll(text, []byte("$1"))
		text = bytes.ReplaceAll(text, creator, []byte(`"creator_id":null`))
		maps.Copy(w.Header(), answer.Header())
		w.Header().Set("Content-Length", strconv.Itoa(len(text)))
		w.WriteHeader(answer.Code)
		_, _ = w.Write(text)
	})
}

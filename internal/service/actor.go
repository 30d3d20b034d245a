package service

import (
	"os"
	"os/user"
	"strconv"
	"sync"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// LocalActor names who runs this program: local:<os user>@<host>. A user whom the system doesn't know is called by
// number.
func LocalActor() tokens.Actor {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	name, err := knownUser()
	if err != nil || name == "" {
		name = "uid-" + strconv.Itoa(os.Getuid())
	}
	return localActor(name, host)
}

// knownUser returns what the system calls the user who runs this program. Without cgo, package user believes the
// environment variable USER about a user whom the system doesn't know, and whoever runs the program sets that as they
// like; so it is out of the way while the package looks, which it does once.
var knownUser = sync.OnceValues(func() (string, error) {
	const variable = "USER"
	if claimed, ok := os.LookupEnv(variable); ok {
		if err := os.Unsetenv(variable); err != nil {
			return "", err
		}
		defer func() { _ = os.Setenv(variable, claimed) }() // it was a valid name and value before
	}
	current, err := user.Current()
	if err != nil {
		return "", err
	}
	return current.Username, nil
})

// localActor returns the actor of a user on a host. Both names come from the system, and may hold anything.
func localActor(name, host string) tokens.Actor {
	return tokens.Actor("local:" + tokens.Cleaned(name) + "@" + tokens.Cleaned(host))
}

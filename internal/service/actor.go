package service

import (
	"cmp"
	"os"
	"os/user"
	"strconv"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// LocalActor names who runs this program: local:<os user>@<host>.
func LocalActor() tokens.Actor {
	name := strconv.Itoa(os.Getuid())
	if current, err := user.Current(); err == nil {
		name = cmp.Or(current.Username, name)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return tokens.Actor("local:" + name + "@" + host)
}

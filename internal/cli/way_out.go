package cli

import (
	"errors"
	"io/fs"
	"net"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// waysOut say what to do on the command line about an error with a reason. The error itself speaks only of the domain,
// since a backend does not know who asks it.
var waysOut = map[tokens.Reason]func(*tokens.Error) string{
	tokens.ReasonVersionMovedOn: func(e *tokens.Error) string {
		return "latchkey token show " + e.ID + " shows how things stand"
	},
	tokens.ReasonInUseByRun: func(e *tokens.Error) string {
		return "latchkey token delete " + e.Holder.ID + " deletes one that an interrupted run left behind"
	},
	tokens.ReasonTTLTooShort: func(e *tokens.Error) string { return "latchkey token regenerate " + e.ID + " does that" },
	tokens.ReasonUnknownRole: always("latchkey role list shows what each of them permits"),
	tokens.ReasonUnknownCaller: always("name a member in --act-as, or leave --act-as out to work as the owner of " +
		"the database"),
	tokens.ReasonNoDatabase:          always(otherDatabase + ", and the first apply or latchkey token create makes one"),
	tokens.ReasonNoDirectory:         always(otherDatabase),
	tokens.ReasonWrongPlace:          always(otherDatabase),
	tokens.ReasonDatabaseUnreachable: always(otherDatabase),
	tokens.ReasonMoved:               always("latchkey migrate --unseal lets it count again, if it is the right one after all"),
	tokens.ReasonOtherDatabase:       always("say --replace-another to replace it all the same"),
	tokens.ReasonBackupExists:        always("--over replaces an older copy of the same database"),
	tokens.ReasonBootstrapped: func(e *tokens.Error) string {
		return "latchkey token hold " + e.ID + " stops it"
	},
	tokens.ReasonEphemeralToken:  always("latchkey token create makes a lasting one"),
	tokens.ReasonPersonalToken:   always("latchkey member token create and delete do that"),
	tokens.ReasonDatabaseFailing: always("run latchkey doctor to examine it"),
	tokens.ReasonUnauthenticated: always(tokens.TokenVariable + " or --token-file holds it: give one that is active"),
	tokens.ReasonUnreachable: always("--endpoint or " + tokens.EndpointVariable + " names it, and latchkey serve must run " +
		"there"),
	tokens.ReasonCertificate: always("this machine must trust the authority that signed its certificate (on Linux, " +
		"SSL_CERT_FILE names a file with it), and --endpoint or " + tokens.EndpointVariable + " must name it as the certificate " +
		"does"),
	tokens.ReasonPlainHTTP: always("or say --insecure, where nobody else can see the traffic"),
}

// otherDatabase says how to name the database.
const otherDatabase = "--database or " + tokens.DatabaseVariable + " names another one"

func always(text string) func(*tokens.Error) string {
	return func(*tokens.Error) string { return text }
}

// explain returns the text of an error, followed by what to do about it if the text alone doesn't say that.
func explain(err error) string {
	if e, ok := errors.AsType[*tokens.Error](err); ok {
		return withWayOut(err.Error(), e)
	}
	return err.Error()
}

// withWayOut returns a text, followed by what to do about the error that it describes.
func withWayOut(text string, e *tokens.Error) string {
	if way := waysOut[e.Reason]; way != nil {
		text += "; " + way(e)
	}
	return text
}

// cause returns the reason of an error of a file or of the network, without the name, which the caller says itself.
func cause(err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err
	}
	if opErr, ok := errors.AsType[*net.OpError](err); ok {
		return opErr.Err
	}
	return err
}

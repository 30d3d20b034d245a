package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"syscall"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// scan finds values of access tokens in files.
type scan struct {
	Files []inputFile `arg:"" name:"file" help:"The files to read; - is standard input."`
	JSON  bool        `name:"json" help:"Answer in JSON, for programs."`
}

// Help says what is found and how to use it.
func (*scan) Help() string {
	return "Finds every value that Latchkey could have made, with any prefix, by its checksum, and asks the database " +
		"about each. Exit code 1 means that a value is live, or that it may be; 3, that a file or the database can't be read, " +
		"whatever was found elsewhere. No value is printed whole, and a scan does not count as a use of a token.\n\n" +
		"With --endpoint the values that were found, and nothing else of the files, go to the server, over TLS."
}

// leak is a value that was found.
type leak struct {
	secret tokens.Secret
	places []leakPlace
	// known reports that the database could say whether the value is live.
	known        bool
	verification tokens.Verification
	// status is the status of the token, or unknown, or superseded.
	status string
}

// leakPlace is where a value begins. Lines and columns count from 1, columns in characters.
type leakPlace struct {
	File   string `json:"file"`
	Line   int64  `json:"line"`
	Column int64  `json:"column"`
}

func (p leakPlace) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// leakDocument is a value in --json output.
type leakDocument struct {
	TokenPreview string `json:"token_preview"`
	// Live is null if nobody can tell: the database could not be asked, or the value may be that of a token at a level
	// where the caller may not verify.
	Live *bool `json:"live"`
	// Status is that of the token; unknown if the caller can see no token that has or had the value, superseded if the
	// token has another value now; null if the database could not be asked.
	Status *string `json:"status"`
	// Secret is which secret of the token the value is: current or, during its grace period, previous. Null if it is
	// neither, or if nobody can tell.
	Secret *string `json:"secret"`
	// AccessTokenID, Name and TechnicalUser are those of the token whose value it is or was; null if there is none. The
	// last two are null, too, if the token is restricted and the caller may not know of it.
	AccessTokenID *string     `json:"access_token_id"`
	Name          *string     `json:"name"`
	TechnicalUser *string     `json:"technical_user"`
	Places        []leakPlace `json:"places"`
}

// Run finds the values and says whether each is live. It does so for what it can read, and prints what it found even if
// nobody can tell whether that is live.
func (c *scan) Run(ctx context.Context, app *app) error {
	leaks, err := c.find(app)
	limited := ""
	if len(leaks) > 0 {
		err = app.worse(err, app.withBackend(func(backend tokens.Backend) (err error) {
			limited, err = app.verifyAll(ctx, backend, leaks)
			return err
		}))
	}
	if err == nil || len(leaks) > 0 {
		err = app.worse(err, c.print(app, leaks, limited))
	}
	if hidden := howMany(leaks, (*leak).isHidden); hidden > 0 {
		app.note("%d of the values may be live at a level where %s may not verify: scan %s to find out.", hidden, limited,
			app.asOwner())
	}
	if slices.ContainsFunc(leaks, func(l *leak) bool { return l.isHidden() || l.verification.Active }) {
		return app.worse(err, errAnswerIsNo)
	}
	return err
}

// find reads the files, and complains about those that can't be read. It returns each value once, in the order in which
// they first occur.
func (c *scan) find(app *app) (leaks []*leak, err error) {
	known := map[tokens.SecretHash]*leak{}
	err = app.each(len(c.Files), func(i int) error {
		file := c.Files[i]
		err := file.read(app, func(input io.Reader) error {
			return tokens.FindSecrets(input, func(found tokens.FoundSecret) error {
				hash := found.Secret.Hash()
				if known[hash] == nil {
					known[hash] = &leak{secret: found.Secret}
					leaks = append(leaks, known[hash])
				}
				known[hash].places = append(known[hash].places, leakPlace{string(file), found.Line, found.Column})
				return nil
			})
		})
		if errors.Is(err, syscall.EISDIR) {
			err = &unreadable{errors.New("it is a directory; to scan the files in it, use " +
				"find DIRECTORY -type f -exec latchkey scan {} +")}
		}
		if err != nil {
			return fmt.Errorf("unable to read %s: %w", file.describe(i+1), err)
		}
		return nil
	})
	return leaks, err
}

// verifyAll asks the backend about each of the values. The level of a token may hide it from a caller who is limited, whom
// it returns as messages call it: a value that is unknown to such a caller may be live.
func (a *app) verifyAll(ctx context.Context, backend tokens.Backend, leaks []*leak) (limited string, err error) {
	isUnknown := func(l *leak) bool { return l.status == reasonUnknown }
	for _, l := range leaks {
		verification, reason, err := verifyValue(ctx, backend, l.secret.Reveal())
		if err != nil {
			return "", &untold{fmt.Errorf("unable to tell whether the values are live: %w", err)}
		}
		l.known, l.verification, l.status = reason != reasonUnknown, verification, reason
		if verification.Active {
			l.status = string(tokens.StatusActive)
		}
	}
	if howMany(leaks, isUnknown) == 0 {
		return "", nil
	}
	limited = a.limitedCaller(ctx, backend, tokens.PermissionIntrospectTokens)
	for _, l := range leaks {
		l.known = l.known || limited == ""
	}
	return limited, nil
}

// canReturn reports whether a value that is not live may become live again without a regeneration.
func (l *leak) canReturn() bool {
	v := l.verification
	return v.AccessToken != nil && !v.Active && !v.Superseded && v.AccessToken.Status != tokens.StatusRevoked
}

// isPrevious reports whether a value is live although its token has a newer one.
func (l *leak) isPrevious() bool { return l.verification.Active && l.verification.Previous }

// isHidden reports whether the token of the value may be at a level where the caller may not verify.
func (l *leak) isHidden() bool { return !l.known && l.status == reasonUnknown }

func (c *scan) print(app *app, leaks []*leak, limited string) error {
	if c.JSON {
		return app.printJSON(documentsOf(leaks, newLeakDocument))
	}
	if len(leaks) == 0 {
		app.note("No value of an access token was found.")
		return nil
	}
	if err := app.printTable(newLeakTable(leaks, limited)); err != nil {
		return err
	}
	if returning := howMany(leaks, (*leak).canReturn); returning > 0 {
		app.note("Stopped but not dead: %d of the values. Each is live again once its token is released, enabled or given "+
			"a later expiry. Regenerate those tokens too, with --grace-period 0s.", returning)
	}
	if previous := howMany(leaks, (*leak).isPrevious); previous > 0 {
		app.note("Previous values, live until their grace period ends: %d. "+
			"To end them now, use latchkey token retire-previous.", previous)
	}
	return nil
}

func newLeakDocument(l *leak) leakDocument {
	document := leakDocument{
		TokenPreview: l.secret.Preview(),
		Status:       textOrNull(l.status),
		Secret:       textOrNull(whichSecret(l.verification)),
		Places:       l.places,
	}
	if l.known {
		document.Live = new(l.verification.Active)
	}
	if t := l.verification.AccessToken; t != nil {
		document.AccessTokenID = new(t.ID)
		document.Name, document.TechnicalUser = textOrNull(t.Name), textOrNull(t.User.Email)
	}
	return document
}

// howMany counts the values for which is reports true.
func howMany(leaks []*leak, is func(*leak) bool) (n int) {
	for _, l := range leaks {
		if is(l) {
			n++
		}
	}
	return n
}

// newLeakTable lays values out in rows. Live ones stand out. A caller who is limited may not know of all of them; it is
// empty for one who may.
func newLeakTable(leaks []*leak, limited string) tableView {
	unknown := "Not known"
	if limited != "" {
		unknown += " to " + limited
	}
	view := tableView{columns: []tableColumn{
		{header: "VALUE"}, {header: "LIVE"}, {header: "STATUS"}, {header: "ID"}, {header: "NAME", fit: cutOff},
		{header: "TECHNICAL USER", fit: cutOff, rank: 2}, {header: "FOUND AT", fit: breakLines},
	}}
	for _, l := range leaks {
		row := tableRow{cells: []string{l.secret.Preview() + "…", unknown, l.status, "", "", "", describePlaces(l.places)}}
		if l.verification.Previous {
			row.cells[2] += " (previous)"
		}
		if l.known {
			row.cells[1] = "No"
		}
		if t := l.verification.AccessToken; t != nil {
			row.cells[3], row.cells[4], row.cells[5] = t.ID, t.Name, t.User.Email
		}
		if l.verification.Active {
			row.cells[1], row.style = "Yes", red
		}
		view.rows = append(view.rows, row)
	}
	return view
}

// describePlaces names the first places, and says how many more there are.
func describePlaces(places []leakPlace) string {
	const most = 3
	var names []string
	for _, p := range places[:min(most, len(places))] {
		names = append(names, p.String())
	}
	description := strings.Join(names, ", ")
	if more := len(places) - most; more > 0 {
		description += fmt.Sprintf(" and %d more", more)
	}
	return description
}

package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// migrate moves the database to another place.
type migrate struct {
	From   string `help:"The database to move: a file, or postgres://… Default: that of --database." placeholder:"PATH"`
	To     string `help:"Where to move it: a file, or postgres://…, where no database is yet. With --unseal, where it was moved." placeholder:"PATH"`
	Unseal bool   `help:"Move nothing: let a database count again that was moved, and stay where it is."`
	Yes    bool   `help:"Unseal without asking on a terminal, whatever was changed at the other place."`
	JSON   bool   `name:"json" help:"Answer in JSON, for programs."`
}

// Help says what moves, and what stays.
func (*migrate) Help() string {
	return "Everything moves: tokens keep working, and Terraform goes on with the states that it has. While the database is " +
		"copied, others can read it and verify tokens, and wait to change it. Then both ends are compared, row by row, and the " +
		"old one is sealed: whoever still names it is told where it went. Servers that run at the new place become ready at " +
		"that moment. If it is stopped half-way, the same command completes it.\n\n" +
		"A database in PostgreSQL moves back the same way, over the file that was sealed; what it replaces is moved aside. " +
		"With --unseal, the database counts again, and the other place, if it can be asked (--to names it), is sealed. What was " +
		"changed there since is not in the database."
}

// Validate refuses what doesn't say what is to move where.
func (c *migrate) Validate() error {
	switch {
	case !c.Unseal && c.To == "":
		return misusef("--to is missing: name the place to move to, as in latchkey migrate --from latchkey.db " +
			"--to postgres://latchkey@db.example.com/latchkey")
	case !c.Unseal && c.Yes:
		return misusef("--yes is for --unseal: a migration asks nothing; leave it out")
	}
	return nil
}

// migrationDocument is the answer in --json output.
type migrationDocument struct {
	From string `json:"from"`
	To   string `json:"to"`
	// Database is what moved, as it was before.
	Database snapshotDocument `json:"database"`
	// Rows are how many rows of each table were copied and compared; null where an earlier run had done so.
	Rows map[string]int64 `json:"rows"`
	// MovedTo are the paths to which files were moved that were there before.
	MovedTo []string `json:"moved_to"`
}

// unsealDocument is the answer of --unseal in --json output.
type unsealDocument struct {
	Database string `json:"database"`
	// WasMovedTo is where it was moved to.
	WasMovedTo string `json:"was_moved_to"`
	// ChangedThere is how many changes were made there that are not in it; null if nobody knows.
	ChangedThere *int64 `json:"changed_there"`
}

// Run moves the database, or unseals it.
func (c *migrate) Run(ctx context.Context, app *app) error {
	if app.actAs != "" {
		return misusef("--act-as: a migration moves the whole database, its members and their permissions included; " +
			"leave --act-as out")
	}
	for _, named := range []struct{ flag, database string }{{"--from", c.From}, {"--to", c.To}} {
		if named.database == "" {
			continue
		}
		if _, err := locate(named.flag, named.database); err != nil {
			return misusef("%s", err)
		}
	}
	if c.From != "" {
		app.database = c.From
	}
	if c.Unseal {
		return c.unseal(ctx, app)
	}
	progress := &migrationProgress{app: app}
	done, err := app.migrate(ctx, c.To, progress.step)
	if err != nil {
		if len(done.MovedTo) > 0 {
			app.note("What was at %s is now %s.", done.To, done.MovedTo[0])
		}
		return fmt.Errorf("unable to move the database: %w", err)
	}
	if c.JSON {
		return app.printJSON(newMigrationDocument(done))
	}
	return app.printMigration(done)
}

// migrationProgress tells people how far a migration is.
type migrationProgress struct {
	app *app
	// told is the last step of which a line tells, and last the last one of all.
	told, last tokens.MigrationStep
}

// toldEvery is after how many rows of a table there is another line.
const toldEvery = 100_000

// step tells of the end of a table, and within a large one every so many rows.
func (p *migrationProgress) step(s tokens.MigrationStep) {
	if s.Verb != p.last.Verb || s.Table != p.last.Table {
		p.tell(p.last)
		p.told = tokens.MigrationStep{}
	}
	if p.last = s; s.Rows-p.told.Rows >= toldEvery {
		p.tell(s)
	}
}

// tell writes a line about a step, once.
func (p *migrationProgress) tell(s tokens.MigrationStep) {
	if s.Rows == 0 || s == p.told {
		return
	}
	p.told = s
	p.app.note("%s%s %s: %s", strings.ToUpper(s.Verb[:1]), s.Verb[1:], s.Table, tokens.Counted(s.Rows, "row"))
}

// printMigration says what was moved, and what to do now.
func (a *app) printMigration(m tokens.Migration) error {
	lines := []string{fmt.Sprintf("Moved %s from %s to %s", contents(m.From), m.From.Database.Location, m.To)}
	if len(m.Tables) > 0 {
		var rows int64
		for _, table := range m.Tables {
			rows += table.Rows
		}
		lines = append(lines, fmt.Sprintf("Both ends hold the same %s in %s", tokens.Counted(rows, "row"), tokens.Counted(len(m.Tables), "table")))
	}
	if len(m.MovedTo) > 0 {
		lines = append(lines, "What was there is now "+m.MovedTo[0])
	}
	lines = append(lines, fmt.Sprintf("%s is sealed. Name the new place in the provider, in %s and in latchkey serve", m.From.Database.Location,
		tokens.DatabaseVariable))
	for _, line := range lines {
		if err := a.printLine(tokens.Cleaned(line)); err != nil {
			return err
		}
	}
	return nil
}

func newMigrationDocument(m tokens.Migration) migrationDocument {
	document := migrationDocument{
		From: m.From.Database.Location, To: m.To, Database: newSnapshotDocument(m.From), MovedTo: listOf(m.MovedTo),
	}
	for _, table := range m.Tables {
		if document.Rows == nil {
			document.Rows = map[string]int64{}
		}
		document.Rows[table.Table] = table.Rows
	}
	return document
}

// unseal says what was changed at the other place, and lets the database count again.
func (c *migrate) unseal(ctx context.Context, app *app) error {
	unsealer := app.unsealer(c.To)
	found, err := unsealer.Look(ctx)
	if err != nil {
		return fmt.Errorf("unable to unseal the database: %w", err)
	}
	app.note("Database %s was moved to %s.", found.Database.Location, found.MovedTo)
	switch {
	case found.CannotTell != nil:
		app.note("What was changed there since can't be told: %s. Name the place with --to, and what it takes to ask there.",
			strings.TrimSuffix(found.CannotTell.Error(), "."))
		app.note("It is not sealed there, either: stop whatever uses it, since changes there and here are not the same from now on.")
	case found.ChangedThere > 0:
		app.note("Warning: %s there since, and lost here: a value that was regenerated or revoked there is good again. To keep them, "+
			"move the database back with latchkey migrate.", wereMade(found.ChangedThere))
	default:
		app.note("Nothing was changed there since.")
	}
	if isKnown := found.CannotTell == nil && found.ChangedThere == 0; !isKnown && !c.Yes && app.StdinTerminal {
		if err := app.confirm("Unseal it?", "nothing was changed"); err != nil {
			return err
		}
	}
	if err := unsealer.Run(ctx); err != nil {
		return fmt.Errorf("unable to unseal the database: %w", err)
	}
	if !c.JSON {
		return app.printLine(tokens.Cleaned("Unsealed " + found.Database.Location))
	}
	document := unsealDocument{Database: found.Database.Location, WasMovedTo: found.MovedTo}
	if found.CannotTell == nil {
		document.ChangedThere = &found.ChangedThere
	}
	return app.printJSON(document)
}

// wereMade says how many changes were made.
func wereMade(changes int64) string {
	if changes == 1 {
		return "1 change was made"
	}
	return fmt.Sprintf("%d changes were made", changes)
}

package httpapi

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// The headers of what goes along with an operation. None decides what a caller may do.
const (
	// runHeader is the run of a pipeline in which the caller claims to work.
	runHeader = "Latchkey-Run"
	// organizationHeader is the name that the organization must have.
	organizationHeader = "Latchkey-Organization"
	// expectsHeader is what the caller has seen of the database: its identifier, a space and the text of a mark, if there
	// is one. Each answer repeats it, so that the caller knows that the server was told. sawHeader is, in the same form, the
	// newest mark after the operation.
	expectsHeader = "Latchkey-Expects"
	sawHeader     = "Latchkey-Saw"
	// purposeHeader is the operation that a look serves: an action, a space and the identifier of its object, if there is
	// one.
	purposeHeader = "Latchkey-Purpose"
	// tentativeHeader says that the caller asks again where a conflict may pass.
	tentativeHeader = "Latchkey-Tentative"
)

// carry adds to a request what goes along with its context.
func carry(ctx context.Context, h http.Header) {
	if w := tokens.WitnessOf(ctx); w != nil {
		h.Set(expectsHeader, markText(w.Expects))
	}
	if p, ok := tokens.PurposeOf(ctx); ok {
		text := string(p.Action)
		if tokens.KindOf(p.ObjectID) != "" { // else it may be anything, and no event names it
			text += " " + p.ObjectID
		}
		h.Set(purposeHeader, text)
	}
	if tokens.IsTentative(ctx) {
		h.Set(tentativeHeader, "true")
	}
}

// carried returns the context of an operation with what its request carries, and the witness that goes along; nil for none.
// CodeInvalid.
func carried(ctx context.Context, h http.Header) (context.Context, *tokens.Witness, error) {
	var w *tokens.Witness
	if values, ok := h[expectsHeader]; ok {
		if len(values) > 1 {
			return ctx, nil, malformed("", "there are several headers "+expectsHeader+": send one")
		}
		expects, err := parseMark(values[0])
		if err != nil {
			return ctx, nil, err
		}
		w = &tokens.Witness{Expects: expects}
		ctx = tokens.WithWitness(ctx, w)
	}
	if text := h.Get(purposeHeader); text != "" {
		action, id, _ := strings.Cut(text, " ")
		if !slices.Contains(tokens.Actions(), tokens.Action(action)) || id != "" && tokens.KindOf(id) == "" {
			return ctx, nil, malformed("", "the header "+purposeHeader+" names no action, or is followed by no identifier")
		}
		ctx = tokens.LookingFor(ctx, tokens.Purpose{Action: tokens.Action(action), ObjectID: id})
	}
	if h.Get(tentativeHeader) == "true" {
		ctx = tokens.Tentatively(ctx)
	}
	return ctx, w, nil
}

// markText returns a mark, with its database, as a header has it; empty for the zero mark.
func markText(m tokens.Mark) string { return strings.TrimSpace(m.Database + " " + m.Text()) }

// parseMark reads what markText returns. CodeInvalid.
func parseMark(text string) (tokens.Mark, error) {
	if text == "" {
		return tokens.Mark{}, nil
	}
	database, mark, _ := strings.Cut(text, " ")
	if !tokens.IsID(tokens.KindDatabase, database) {
		return tokens.Mark{}, malformed("", "the header "+expectsHeader+" names no database")
	}
	m, err := tokens.ParseMark(database, mark)
	if err != nil {
		return tokens.Mark{}, malformed("", "the header "+expectsHeader+" has no mark after its database")
	}
	return m, nil
}

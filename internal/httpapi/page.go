package httpapi

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"slices"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

const (
	// usualPage is how many elements a page has where the client doesn't say, and largestPage how many it has at most.
	usualPage   = 100
	largestPage = 1000
)

// pageInput selects a page of a list that has no filters.
type pageInput struct {
	Limit  int    `query:"limit" jsonschema:"How many elements at most: 1 to 1000, 100 by default."`
	Cursor string `query:"cursor" jsonschema:"The next_cursor of the page before; absent for the first page."`
}

// size returns how many elements the page has at most. CodeInvalid.
func (p pageInput) size() (int, error) {
	if p.Limit < 0 || p.Limit > largestPage {
		return 0, tokens.Invalid("limit", "a page has 1 to %d elements: ask for further ones by its next_cursor", largestPage)
	}
	return cmp.Or(p.Limit, usualPage), nil
}

// page is a part of a list.
type page[D any] struct {
	Items []D `json:"items"`
	// NextCursor selects the page after this one; null for none.
	NextCursor *string `json:"next_cursor" jsonschema:"Selects the page after this one; null where this is the last."`
}

// pageOf returns a function that cuts a page out of a whole list, which is ordered by a key that no two elements share. The
// cursor is the key of the last element of the page before, so that what comes and goes meanwhile shifts nothing.
func pageOf[T, D any](in pageInput, document func(T) D, key func(T) string) func(all []T, err error) (page[D], error) {
	return func(all []T, err error) (page[D], error) {
		var p page[D]
		if err != nil {
			return p, err
		}
		size, err := in.size()
		if err != nil {
			return p, err
		}
		if in.Cursor != "" {
			after, err := base64.RawURLEncoding.DecodeString(in.Cursor)
			if err != nil {
				return p, tokens.Invalid("cursor", "it is not one of this list: pass on, unchanged, what came with the last page")
			}
			// The list is ordered as the backend orders it, which need not be the order of the keys' bytes.
			if at := slices.IndexFunc(all, func(t T) bool { return key(t) == string(after) }); at >= 0 {
				all = all[at+1:]
			} else {
				all = slices.DeleteFunc(slices.Clone(all), func(t T) bool { return key(t) <= string(after) })
			}
		}
		p.Items = make([]D, 0, min(size, len(all)))
		for _, t := range all[:min(size, len(all))] {
			p.Items = append(p.Items, document(t))
		}
		if len(all) > size {
			next := base64.RawURLEncoding.EncodeToString([]byte(key(all[size-1])))
			p.NextCursor = &next
		}
		return p, nil
	}
}

// unfiltered is the selection of a list that has no filters; see askForAll.
func unfiltered(p pageInput) pageInput { return p }

// askForAll asks for a list, page by page. selection returns the input for a page.
func askForAll[In, D, T any](
	ctx context.Context, c *Client, list operation[In, page[D]], selection func(pageInput) In, domain func(D) (T, error),
) ([]T, error) {
	var all []T
	err := eachPage(pageInput{}, func(in pageInput) (int, string, error) {
		p, err := ask(ctx, c, list, selection(in))
		if err != nil {
			return 0, "", err
		}
		for _, d := range p.Items {
			t, err := domain(d)
			if err != nil {
				return 0, "", unreadable(err)
			}
			all = append(all, t)
		}
		return len(p.Items), textOrEmpty(p.NextCursor), nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}

// eachPage asks for one page of a list after the other, until the list ends or has as many elements as it is limited to;
// zero for all. ask returns how many a page has, and the cursor of the next one. CodeUnavailable for a page that brings the
// list no further although another one follows: it has nothing, or leads back to an earlier page.
func eachPage(list pageInput, ask func(in pageInput) (count int, next string, err error)) error {
	asked, there := map[string]bool{}, 0
	for in := list; ; {
		asked[in.Cursor], in.Limit = true, pageSize(list.Limit, there)
		count, next, err := ask(in)
		there += count
		switch {
		case err != nil || next == "":
			return err
		case count == 0 || asked[next]:
			return unreadable(errNoFurther)
		case list.Limit != 0 && there >= list.Limit:
			return nil
		}
		in.Cursor = next
	}
}

// errNoFurther says that a list would be read without end.
var errNoFurther = errors.New("the list comes no further")

// pageSize returns how many elements the next page has at most, of a list of limit elements (zero for all) of which some
// are there already. A limit that no list has is for the server to refuse.
func pageSize(limit, there int) int {
	if limit == 0 {
		return largestPage
	}
	return min(limit-there, largestPage)
}

// answered returns a function that turns what a backend answers into a document.
func answered[T, D any](document func(T) D) func(T, error) (D, error) {
	return func(t T, err error) (d D, _ error) {
		if err != nil {
			return d, err
		}
		return document(t), nil
	}
}

// received returns a function that turns a document that a server sent into what a backend answers.
func received[D, T any](domain func(D) (T, error)) func(D, error) (T, error) {
	return func(d D, err error) (t T, _ error) {
		if err != nil {
			return t, err
		}
		if t, err = domain(d); err != nil {
			var none T
			return none, unreadable(err)
		}
		return t, nil
	}
}

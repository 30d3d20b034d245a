package httpapi

import (
	"context"
	"maps"
	"slices"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// mostNames is for how many identifiers at once a client may ask for the names. Their request fits in 4 KiB.
const mostNames = 100

// names are the names of objects, by their identifiers.
type names struct {
	Names map[string]string `json:"names" jsonschema:"By identifier: the names of groups and the e-mail addresses of members."`
}

// candidate is an object that somebody may mean who has begun to type its name.
type candidate struct {
	ID          string `json:"id"`
	Name        string `json:"name,omitempty"`
	Email       string `json:"email,omitempty" jsonschema:"That of a member or a technical user."`
	Description string `json:"description,omitempty"`
}

func candidateOf(c tokens.Candidate) candidate {
	return candidate{c.ID, c.Name, c.Email, c.Description}
}

func (c candidate) domain() (tokens.Candidate, error) {
	return tokens.Candidate{ID: c.ID, Name: c.Name, Email: c.Email, Description: c.Description}, nil
}

// candidates are the objects that somebody may mean.
type candidates struct {
	Items []candidate `json:"items"`
}

type (
	nameSelection struct {
		IDs []string `query:"id" jsonschema:"An identifier of a group or a member; up to 100 of them."`
	}
	candidateSelection struct {
		Kind  string `query:"kind" jsonschema:"What is looked for: tu, mem, grp or rol, as identifiers begin."`
		Begun string `query:"begun" jsonschema:"How the name, the e-mail address or the identifier begins."`
		Limit int    `query:"limit" jsonschema:"How many at most: 1 to 1000, 100 by default."`
	}
)

// The operations on names.
var (
	listNames = operation[nameSelection, names]{
		"GET", "/v1/names", "listNames", "List the names of groups and members, as far as the caller may know them", false,
	}
	listCandidates = operation[candidateSelection, candidates]{
		"GET", "/v1/candidates", "listCandidates", "List the objects whose names begin with a text", false,
	}
)

// nameEndpoints are what a server does for names.
func nameEndpoints() []endpoint {
	return []endpoint{
		served(listNames, func(ctx context.Context, b tokens.Backend, in nameSelection) (names, error) {
			if len(in.IDs) > mostNames {
				return names{}, tokens.Invalid("id", "there are %d identifiers: ask for at most %d at once", len(in.IDs), mostNames)
			}
			known, err := b.Names(ctx, in.IDs)
			return names{known}, err
		}),
		served(listCandidates, func(ctx context.Context, b tokens.Backend, in candidateSelection) (candidates, error) {
			limit, err := pageInput{Limit: in.Limit}.size()
			if err != nil {
				return candidates{}, err
			}
			found, err := b.Candidates(ctx, tokens.Kind(in.Kind), in.Begun, limit)
			documents := candidates{make([]candidate, len(found))}
			for i, c := range found {
				documents.Items[i] = candidateOf(c)
			}
			return documents, err
		}),
	}
}

// Names implements tokens.Backend.
func (c *Client) Names(ctx context.Context, ids []string) (map[string]string, error) {
	// What is no identifier has no name, and could be anything.
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return tokens.KindOf(id) == "" })
	all := map[string]string{}
	for {
		some := ids[:min(mostNames, len(ids))]
		known, err := ask(ctx, c, listNames, nameSelection{some})
		if err != nil {
			return nil, err
		}
		maps.Copy(all, known.Names)
		if ids = ids[len(some):]; len(ids) == 0 {
			return all, nil
		}
	}
}

// Candidates implements tokens.Backend.
func (c *Client) Candidates(
	ctx context.Context, kind tokens.Kind, begun string, limit int,
) ([]tokens.Candidate, error) {
	found, err := ask(ctx, c, listCandidates, candidateSelection{string(kind), begun, min(max(limit, 1), largestPage)})
	if err != nil || limit <= 0 {
		return nil, err
	}
	all := make([]tokens.Candidate, len(found.Items))
	for i, d := range found.Items {
		if all[i], err = d.domain(); err != nil {
			return nil, unreadable(err)
		}
	}
	return all, nil
}

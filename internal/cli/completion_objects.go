package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/alecthomas/kong"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// mostCompletions is how many objects are proposed; whoever sees that many types on.
const mostCompletions = 50

// referenceKinds are the kinds of the objects that the types of arguments and flags refer to.
var referenceKinds = map[reflect.Type][]tokens.Kind{
	reflect.TypeFor[tokenRef]():         {tokens.KindAccessToken},
	reflect.TypeFor[technicalUserRef](): {tokens.KindTechnicalUser},
	reflect.TypeFor[memberRef]():        {tokens.KindMember},
	reflect.TypeFor[groupRef]():         {tokens.KindGroup},
	reflect.TypeFor[roleRef]():          {tokens.KindRole},
	reflect.TypeFor[objectRef](): {
		tokens.KindAccessToken, tokens.KindTechnicalUser, tokens.KindMember, tokens.KindGroup, tokens.KindRole,
	},
}

// objectValues returns the objects that a value may name and that begin like a word. It is empty where the value names
// none.
func (c completer) objectValues(value *kong.Value, begun string) []candidate {
	if value.Tag.Get("values") == "members" {
		return c.references(tokens.KindMember, begun, addressAlone)
	}
	typ := value.Target.Type()
	if typ == reflect.TypeFor[[]personalTokenRef]() {
		return c.choices(tokens.KindAccessToken, c.objects(personalTokens, begun), begun, spellings)
	}
	switch typ.Kind() {
	case reflect.Map:
		return c.groupRoles(begun)
	case reflect.Slice, reflect.Pointer:
		typ = typ.Elem()
	default:
	}
	var all []candidate
	for _, kind := range referenceKinds[typ] {
		all = append(all, c.references(kind, begun, spellings)...)
	}
	return all
}

// groupRoles completes GROUP=ROLE.
func (c completer) groupRoles(begun string) []candidate {
	group, role, assigned := strings.Cut(begun, "=")
	if !assigned {
		groups := c.references(tokens.KindGroup, begun, spellings)
		for i := range groups {
			groups[i].word += "="
		}
		return groups
	}
	roles := c.references(tokens.KindRole, role, spellings)
	for _, name := range tokens.BuiltInRoleNames() {
		if strings.HasPrefix(name, role) {
			roles = append(roles, candidate{name, ""})
		}
	}
	for i := range roles {
		roles[i].word = group + "=" + roles[i].word
	}
	return roles
}

// references proposes the objects of a kind that may be meant, each in the first spelling that begins like the word and
// names nothing else. An object without one is proposed by its name; the command then says what it may mean.
func (c completer) references(
	kind tokens.Kind, begun string, spellings func(tokens.Kind, namedObject) []string,
) []candidate {
	return c.choices(kind, c.objects(kind, begun), begun, spellings)
}

// choices proposes those of some objects of a kind that may be meant.
func (c completer) choices(
	kind tokens.Kind, found []namedObject, begun string, spellings func(tokens.Kind, namedObject) []string,
) []candidate {
	var all []candidate
	for _, o := range found {
		var chosen candidate
		for _, text := range spellings(kind, o) {
			if !c.canStand(text, begun) {
				continue
			}
			number := len(meant(kind, text, found))
			if number == 1 {
				chosen = candidate{text, tokens.Cleaned(o.about)}
				break
			}
			if chosen.word == "" {
				chosen = candidate{text, fmt.Sprintf("%d %ss have this name", number, kind.Noun())}
			}
		}
		if chosen.word == "" || slices.Contains(all, chosen) || slices.Contains(c.line.arguments, chosen.word) {
			continue
		}
		if all = append(all, chosen); len(all) == mostCompletions {
			break
		}
	}
	return all
}

// canStand reports whether a text begins like a word and can stand in its place: on one line, and not taken for a flag.
func (c completer) canStand(text, begun string) bool {
	return text != "" && strings.HasPrefix(text, begun) && !strings.ContainsFunc(text, unicode.IsControl) &&
		(!strings.HasPrefix(text, "-") || c.line.argumentsOnly)
}

// spellings returns how people name an object, the easiest first.
func spellings(kind tokens.Kind, o namedObject) []string {
	switch kind {
	case tokens.KindAccessToken:
		return []string{o.name, o.address + "/" + o.name, o.id}
	case tokens.KindMember:
		return []string{o.address, o.name, o.id}
	default:
		return []string{o.name, o.address, o.id}
	}
}

func addressAlone(_ tokens.Kind, o namedObject) []string { return []string{o.address} }

// objectsFor returns a function that reads objects of the place that a command line names, as far as its caller may see
// them. Whatever can't be read is not proposed, and nobody is refused.
func (a *app) objectsFor(ctx context.Context, l line) func(tokens.Kind, string) []namedObject {
	asked, err := a.placedBy(l)
	return func(kind tokens.Kind, begun string) (found []namedObject) {
		if err != nil || !asked.callerExists(ctx) {
			return nil
		}
		_ = asked.withBackend(func(backend tokens.Backend) (err error) {
			switch kind {
			case tokens.KindAccessToken:
				found, err = tokensBegun(ctx, backend, begun)
				return err
			case personalTokens:
				found, err = asked.personalTokensBegun(ctx, backend, begun)
				return err
			default:
			}
			list, err := backend.Candidates(ctx, kind, begun, mostCompletions+1)
			for _, o := range list {
				found = append(found, namedObject{id: o.ID, name: o.Name, address: o.Email, about: aboutCandidate(kind, o)})
			}
			return err
		})
		return found
	}
}

// placedBy returns the app at the place that a command line names. It reads nothing from standard input.
func (a *app) placedBy(l line) (*app, error) {
	flags := placeFlags{Endpoint: l.values["endpoint"], Insecure: l.values["insecure"] != ""}
	if path := l.values["database"]; path != "" {
		flags.Database = new(a.withHome(path))
	}
	if email := l.values["act-as"]; email != "" {
		flags.ActAs = &email
	}
	if path := l.values["token-file"]; path != onStandardInput {
		flags.TokenFile = a.withHome(path)
	}
	place, err := flags.place(&a.Env, "", "")
	return &app{a.Env, place}, err
}

// callerExists reports whether the member to act as exists. Asking in the name of somebody who doesn't would be refused.
func (a *app) callerExists(ctx context.Context) bool {
	if a.actAs == "" {
		return true
	}
	owner, exists := &app{a.Env, place{database: a.database, location: a.location}}, false
	_ = owner.withBackend(func(backend tokens.Backend) error {
		members, err := backend.Members(ctx)
		exists = slices.ContainsFunc(members, func(m tokens.Member) bool { return tokens.SameEmail(m.Email, a.actAs) })
		return err
	})
	return exists
}

// tokensBegun returns access tokens whose name, address with name, or identifier begins like a word.
func tokensBegun(ctx context.Context, backend tokens.Backend, begun string) ([]namedObject, error) {
	queries := []tokens.TokenQuery{{NamePrefix: begun, Sort: tokens.ColumnName}}
	if email, name, ok := strings.Cut(begun, "/"); ok {
		queries = append(queries, tokens.TokenQuery{TechnicalUserEmail: email, NamePrefix: name, Sort: tokens.ColumnName})
	} else if strings.Contains(begun, "@") {
		queries = append(queries, tokens.TokenQuery{Search: begun, Sort: tokens.ColumnName})
	}
	if strings.HasPrefix(begun, string(tokens.KindAccessToken)+"_") {
		queries = append(queries, tokens.TokenQuery{IDPrefix: begun, Sort: tokens.ColumnID})
	}
	var found []namedObject
	for _, query := range queries {
		query.Limit = mostCompletions + 1
		page, err := backend.AccessTokens(ctx, query)
		if err != nil {
			return nil, err
		}
		for _, t := range page.AccessTokens {
			if !slices.ContainsFunc(found, func(o namedObject) bool { return o.id == t.ID }) {
				found = append(found, namedToken(t))
			}
		}
	}
	return found, nil
}

// personalTokens stands for the personal tokens among the kinds of objects.
const personalTokens tokens.Kind = "personal token"

// personalTokensBegun returns the caller's personal tokens or, after an address, those of the member.
func (a *app) personalTokensBegun(ctx context.Context, backend tokens.Backend, begun string) (found []namedObject, err error) {
	self, err := backend.Whoami(ctx)
	if err != nil {
		return nil, err
	}
	memberID := self.AccountID
	if email, _, addressed := strings.Cut(begun, "/"); addressed && !tokens.SameEmail(email, self.Email) {
		members, err := backend.Candidates(ctx, tokens.KindMember, email, 1)
		if err != nil || len(members) == 0 || !tokens.SameEmail(members[0].Email, email) {
			return nil, err
		}
		memberID = members[0].ID
	}
	if !tokens.IsID(tokens.KindMember, memberID) {
		return nil, nil
	}
	page, err := backend.AccessTokens(ctx, tokens.TokenQuery{MemberID: memberID, Sort: tokens.ColumnName})
	return documentsOf(page.AccessTokens, namedToken), err
}

// aboutCandidate says about an object what its name doesn't.
func aboutCandidate(kind tokens.Kind, o tokens.Candidate) string {
	switch kind {
	case tokens.KindTechnicalUser:
		return o.Email
	case tokens.KindMember:
		return o.Name
	default:
		return o.Description
	}
}

// withHome replaces the ~ before a path, which a shell replaces only when it runs the command.
func (a *app) withHome(path string) string {
	rest, ok := strings.CutPrefix(path, "~"+string(os.PathSeparator))
	home, known := a.LookupEnv("HOME")
	if !ok || !known {
		return path
	}
	return filepath.Join(home, rest)
}

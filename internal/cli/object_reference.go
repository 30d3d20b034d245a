package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// A reference is what people type where the command line takes an object: see meant for the ways to name one. Anything
// but a whole identifier is looked up among the objects that the caller may see, which can take more permissions than
// using the identifier.

// What help says about naming objects.
const (
	tokenHelp = "The access token: its name, <e-mail>/<name>, its identifier or the beginning of that (tok_ and six " +
		"characters), or - for the token whose value is on standard input."
	tokensHelp = "The access tokens: names, <e-mail>/<name>, identifiers or the beginnings of those (tok_ and six " +
		"characters), or - for the token whose value is on standard input."
	personalTokensHelp = "The personal tokens: identifiers, qualified identifiers, <e-mail>/<name>, or names of your own."
	ownMemberHelp      = "The member: the address, the name or the identifier; whoever acts as a member may leave it out."

	memberHelp = "The member: the address, the name, the identifier or the beginning of that (mem_ and six characters)."
	groupHelp  = "The group: its name, its identifier or the beginning of that (grp_ and six characters)."
	roleHelp   = "The role: its name, its identifier or the beginning of that (rol_ and six characters)."

	technicalUserHelp = "The technical user: its address, its name, its identifier or the beginning of that (tu_ and six " +
		"characters)."
	technicalUsersHelp = "The technical users: addresses, names, identifiers or the beginnings of those (tu_ and six " +
		"characters)."
)

// onStandardInput stands for the access token whose value is on standard input.
const onStandardInput = "-"

// tokenRef names an access token.
type tokenRef string

// Validate refuses an empty text, and the identifier of another object.
func (ref tokenRef) Validate() error { return validateReference(tokens.KindAccessToken, string(ref)) }

// String returns how messages call the token.
func (ref tokenRef) String() string {
	if ref == onStandardInput {
		return onStandardInput + " (whose value is on standard input)"
	}
	return referenceText(tokens.KindAccessToken, string(ref))
}

// isPrefix reports whether the reference is the beginning of an identifier.
func (ref tokenRef) isPrefix() bool { return isPrefix(tokens.KindAccessToken, string(ref)) }

// findToken returns the identifier of the access token that is meant.
func (a *app) findToken(ctx context.Context, backend tokens.Backend, ref tokenRef) (string, error) {
	text := string(ref)
	switch {
	case ref == onStandardInput:
		return a.tokenWithValue(ctx, backend)
	case tokens.IsID(tokens.KindAccessToken, text):
		return text, nil
	}
	if _, id, ok := tokens.ParseQualifiedID(text); ok {
		token, shown, err := shownTokenWithID(ctx, backend, id)
		if err != nil || !shown { // it is for the operation to say what the caller may do with what they don't see
			return id, err
		}
		return a.only(tokens.KindAccessToken, text, []namedObject{namedToken(token)})
	}
	var found []namedObject
	for _, query := range queriesFor(text) {
		query.Limit = mostCandidates + 1
		page, err := backend.AccessTokens(ctx, query)
		if err != nil {
			return "", err
		}
		for _, t := range page.AccessTokens {
			if !slices.ContainsFunc(found, func(o namedObject) bool { return o.id == t.ID }) {
				found = append(found, namedToken(t))
			}
		}
	}
	return a.only(tokens.KindAccessToken, text, found)
}

// queriesFor returns the queries that together select the access tokens that a text without an identifier may name.
func queriesFor(text string) []tokens.TokenQuery {
	if email, name, ok := addressAndName(text); ok {
		return []tokens.TokenQuery{{Name: name, TechnicalUserEmail: email, Ephemeral: true}}
	}
	queries := []tokens.TokenQuery{{Name: text, Sort: tokens.ColumnName, Ephemeral: true}}
	if isPrefix(tokens.KindAccessToken, text) {
		queries = append(queries, tokens.TokenQuery{IDPrefix: text, Sort: tokens.ColumnID, Ephemeral: true})
	}
	return queries
}

func namedToken(t tokens.AccessToken) namedObject {
	return namedObject{
		id: t.ID, name: t.Name, address: t.User.Email,
		about: fmt.Sprintf("%q of %s, %s", t.Name, t.User.Email, t.Status),
	}
}

// tokenWithValue returns the identifier of the access token whose value is on standard input.
func (a *app) tokenWithValue(ctx context.Context, backend tokens.Backend) (string, error) {
	value, err := a.readValue()
	if err != nil {
		return "", err
	}
	v, reason, err := verifyValue(ctx, backend, value)
	switch {
	case err != nil:
		return "", err
	case reason == reasonMalformed && holdsMore(value):
		return "", errors.New("on standard input " + moreThanAValue)
	case reason == reasonMalformed:
		return "", errors.New("what is on standard input does not have the form of a value; was it copied whole?")
	case v.AccessToken == nil:
		if caller := a.limitedCaller(ctx, backend, tokens.PermissionIntrospectTokens); caller != "" {
			return "", fmt.Errorf("no token that %s may verify has or had that value; %s, all of them are looked at", caller,
				a.asOwner())
		}
		return "", errors.New("no token of this database has or had that value, or its token has been deleted")
	case v.Superseded:
		return "", fmt.Errorf("that value is dead: %s was given another one at %s; name the token by its identifier if you "+
			"mean it all the same", describe(*v.AccessToken), tokens.FormatTimestamp(v.AccessToken.RegeneratedAt))
	}
	return v.AccessToken.ID, nil
}

// technicalUserRef names a technical user.
type technicalUserRef string

// Validate refuses what can name no technical user.
func (ref technicalUserRef) Validate() error {
	if isAddress(string(ref)) {
		return nil
	}
	return validateNameReference(tokens.KindTechnicalUser, string(ref), "its address, ")
}

// String returns how messages call the technical user.
func (ref technicalUserRef) String() string {
	return referenceText(tokens.KindTechnicalUser, string(ref))
}

// findTechnicalUser returns the identifier of the technical user, or an empty string for an empty reference.
func (a *app) findTechnicalUser(
	ctx context.Context, backend tokens.TechnicalUserService, ref technicalUserRef,
) (string, error) {
	text := string(ref)
	if text == "" || tokens.IsID(tokens.KindTechnicalUser, text) {
		return text, nil
	}
	if isAddress(text) { // which no name can look like
		user, err := backend.TechnicalUserWithEmail(ctx, text)
		switch {
		case tokens.ErrorCode(err) == tokens.CodeNotFound:
			return a.only(tokens.KindTechnicalUser, text, nil)
		case err != nil:
			return "", lookupFailed(tokens.KindTechnicalUser, err)
		}
		return user.ID, nil
	}
	users, err := backend.TechnicalUsers(ctx)
	if err != nil {
		return "", lookupFailed(tokens.KindTechnicalUser, err)
	}
	return a.only(tokens.KindTechnicalUser, text, documentsOf(users, namedTechnicalUser))
}

func namedTechnicalUser(u tokens.TechnicalUser) namedObject {
	return namedObject{id: u.ID, name: u.Name, address: u.Email, about: u.Email + ", " + technicalUserStatus(u)}
}

// memberRef names a member.
type memberRef string

// Validate refuses an empty text, and the identifier of another object.
func (ref memberRef) Validate() error { return validateReference(tokens.KindMember, string(ref)) }

// String returns how messages call the member.
func (ref memberRef) String() string { return referenceText(tokens.KindMember, string(ref)) }

// findMember returns the member; only the identifier if that is what was typed.
func (a *app) findMember(ctx context.Context, backend tokens.MemberService, ref memberRef) (tokens.Member, error) {
	if tokens.IsID(tokens.KindMember, string(ref)) {
		return tokens.Member{ID: string(ref)}, nil
	}
	members, err := backend.Members(ctx)
	if err != nil {
		return tokens.Member{}, lookupFailed(tokens.KindMember, err)
	}
	id, err := a.only(tokens.KindMember, string(ref), documentsOf(members, namedMember))
	if err != nil {
		return tokens.Member{}, err
	}
	return members[slices.IndexFunc(members, func(m tokens.Member) bool { return m.ID == id })], nil
}

func namedMember(m tokens.Member) namedObject {
	return namedObject{id: m.ID, name: m.Name, address: m.Email, about: m.Email}
}

// groupRef names a group.
type groupRef string

// Validate refuses what can name no group.
func (ref groupRef) Validate() error { return validateNameReference(tokens.KindGroup, string(ref), "") }

// String returns how messages call the group.
func (ref groupRef) String() string { return referenceText(tokens.KindGroup, string(ref)) }

// findGroup returns the identifier of the group, or an empty string for an empty reference.
func (a *app) findGroup(ctx context.Context, backend tokens.GroupService, ref groupRef) (string, error) {
	if ref == "" || tokens.IsID(tokens.KindGroup, string(ref)) {
		return string(ref), nil
	}
	groups, err := backend.Groups(ctx)
	if err != nil {
		return "", lookupFailed(tokens.KindGroup, err)
	}
	return a.only(tokens.KindGroup, string(ref), documentsOf(groups, namedGroup))
}

func namedGroup(g tokens.Group) namedObject {
	return namedObject{id: g.ID, name: g.Name, about: g.Name}
}

// roleRef names a role, which commands know by its name.
type roleRef string

// String returns how messages call the role.
func (ref roleRef) String() string { return referenceText(tokens.KindRole, string(ref)) }

// isName reports whether the reference is not an identifier, or the beginning of one.
func (ref roleRef) isName() bool {
	return !tokens.IsID(tokens.KindRole, string(ref)) && !isPrefix(tokens.KindRole, string(ref))
}

// findRole returns the name of the role. Whether there is one with a name is for the operation to say.
func (a *app) findRole(ctx context.Context, backend tokens.RoleService, ref roleRef) (string, error) {
	if ref.isName() {
		return string(ref), nil
	}
	role, err := a.roleNamed(ctx, backend, ref)
	return role.Name, err
}

// roleNamed returns the role that is meant, built-in or custom.
func (a *app) roleNamed(ctx context.Context, backend tokens.RoleService, ref roleRef) (tokens.Role, error) {
	roles, err := backend.Roles(ctx)
	if err != nil {
		return tokens.Role{}, lookupFailed(tokens.KindRole, err)
	}
	if tokens.IsBuiltInRole(string(ref)) { // whose name no custom role has
		return roles[slices.IndexFunc(roles, func(r tokens.Role) bool { return r.Name == string(ref) })], nil
	}
	id, err := a.only(tokens.KindRole, string(ref), documentsOf(roles, namedRole))
	if err != nil {
		return tokens.Role{}, err
	}
	return roles[slices.IndexFunc(roles, func(r tokens.Role) bool { return r.ID == id })], nil
}

func namedRole(r tokens.Role) namedObject { return namedObject{id: r.ID, name: r.Name, about: r.Name} }

// objectRef names an object of any kind.
type objectRef string

// findObject returns the identifier of the object, or an empty string for an empty reference. Whole identifiers are
// taken as they are, since objects that are gone have a history, too.
func (a *app) findObject(ctx context.Context, backend tokens.Backend, ref objectRef) (string, error) {
	text := string(ref)
	switch {
	case text == "" || tokens.KindOf(text) != "":
		return text, nil
	case namesToken(text):
		return a.findToken(ctx, backend, tokenRef(text))
	}
	finders := []func() (string, error){
		func() (string, error) { return a.findTechnicalUser(ctx, backend, technicalUserRef(text)) },
		func() (string, error) {
			member, err := a.findMember(ctx, backend, memberRef(text))
			return member.ID, err
		},
		func() (string, error) { return a.findGroup(ctx, backend, groupRef(text)) },
		func() (string, error) {
			roles, err := backend.Roles(ctx)
			if err != nil {
				return "", err
			}
			custom := slices.DeleteFunc(roles, func(r tokens.Role) bool { return r.BuiltIn })
			return a.only(tokens.KindRole, text, documentsOf(custom, namedRole))
		},
	}
	if !isAddress(text) { // which names accounts alone
		finders = append(finders, func() (string, error) { return a.findToken(ctx, backend, tokenRef(text)) })
	}
	var ids []string
	for _, find := range finders {
		switch id, err := find(); {
		case err == nil:
			ids = append(ids, id)
		case !errors.As(err, new(*unknownNameError)) && tokens.ErrorCode(err) != tokens.CodeForbidden:
			return "", err
		}
	}
	switch len(ids) {
	case 0:
		if mayBeSecret(text) {
			return "", misusef("nothing is called like that. What you typed is not repeated, since it may be a value")
		}
		return "", fmt.Errorf("nothing is called %q; what is deleted has only its identifier, which the events show", text)
	case 1:
		return ids[0], nil
	}
	return "", misusef("%q names several objects; type one of:\n  %s", harmless(text), strings.Join(ids, "\n  "))
}

// mostCandidates is how many objects a message names.
const mostCandidates = 10

// unknownNameError is the error of a name that no object has.
type unknownNameError struct{ error }

func (e *unknownNameError) Unwrap() error { return e.error }

// only returns the identifier of the one object that a text names.
func (a *app) only(kind tokens.Kind, text string, all []namedObject) (string, error) {
	found := meant(kind, text, all)
	switch len(found) {
	case 0:
		return "", a.nothingCalled(kind, text)
	case 1:
		return found[0].id, nil
	}
	number := fmt.Sprint(len(found))
	if len(found) > mostCandidates {
		found, number = found[:mostCandidates], fmt.Sprintf("more than %d", mostCandidates)
	}
	lines := make([]string, len(found))
	for i, o := range found {
		lines[i] = fmt.Sprintf("\n  %s  %s", o.id, tokens.Cleaned(o.about))
	}
	return "", misusef("%q names %s %ss; type one of these identifiers:%s", harmless(text), number, kind.Noun(),
		strings.Join(lines, ""))
}

// nothingCalled says that a text names no object of a kind, and how to find one.
func (a *app) nothingCalled(kind tokens.Kind, text string) error {
	message := fmt.Sprintf("there is no %s called %q", kind.Noun(), harmless(text))
	if kind != tokens.KindAccessToken && isAddress(text) {
		message = fmt.Sprintf("there is no %s with the address %s", kind.Noun(), text)
	}
	if caller := a.whoever(); caller != "" {
		message += " that " + caller + " may see"
	}
	if strings.HasPrefix(text, string(kind)+"_") && len(text) < len(kind)+1+shortestPrefix {
		message += fmt.Sprintf(" (an identifier can be cut short, to %d characters after %s_)", shortestPrefix, kind)
	}
	message += "; " + listOfAll(kind) + " shows them all"
	if mayBeSecret(text) {
		return &unknownNameError{misusef("%s. What you typed is not repeated, since it may be a value: that belongs on standard "+
			"input, with - in its place, and may be in the shell's history now", message)}
	}
	return &unknownNameError{errors.New(message)}
}

// listOfAll returns the command that lists the objects of a kind.
func listOfAll(kind tokens.Kind) string {
	return "latchkey " + strings.ReplaceAll(strings.TrimPrefix(kind.Noun(), "access "), " ", "-") + " list"
}

// validateNameReference refuses what can name no object of a kind whose names have the form of an identifier.
func validateNameReference(kind tokens.Kind, text, address string) error {
	if err := validateReference(kind, text); err != nil {
		return err
	}
	if tokens.IsID(kind, text) || isPrefix(kind, text) || tokens.ValidateName("", text) == nil {
		return nil
	}
	return misusef("%q can't name a %s: give %sits name, its identifier (%s) or the beginning of that, which %s shows",
		harmless(text), kind.Noun(), address, kind.IDForm(), listOfAll(kind))
}

// validateReference refuses an empty text, and the identifier of an object of another kind.
func validateReference(kind tokens.Kind, text string) error {
	switch other := tokens.KindOf(text); {
	case text == "":
		return misusef("the name of the %s is empty: give its name, or its identifier (%s), which %s shows",
			kind.Noun(), kind.IDForm(), listOfAll(kind))
	case other != "" && other != kind:
		return misusef("%s is the identifier of %s %s: give that of %s %s (%s), or its name, which %s shows",
			text, article(other), other.Noun(), article(kind), kind.Noun(), kind.IDForm(), listOfAll(kind))
	}
	return nil
}

// article returns the article of the noun of a kind.
func article(kind tokens.Kind) string {
	if kind == tokens.KindAccessToken {
		return "an"
	}
	return "a"
}

// referenceText returns how messages call an object: by its identifier, or by what was typed.
func referenceText(kind tokens.Kind, text string) string {
	if tokens.IsID(kind, text) || kind != tokens.KindAccessToken && isAddress(text) {
		return text
	}
	return fmt.Sprintf("%q", harmless(text))
}

// lookingFor returns a context for the look-ups of an operation on an object, so that the audit log names that operation
// if one of them is refused.
func lookingFor(ctx context.Context, action tokens.Action, objectID string) context.Context {
	return tokens.LookingFor(ctx, tokens.Purpose{Action: action, ObjectID: objectID})
}

// shownTokenWithID returns an access token, and whether the caller may show it. Whoever may not is not refused: it is for
// the operation on the token to decide, and for its event to tell.
func shownTokenWithID(
	ctx context.Context, backend tokens.AccessTokenService, id string,
) (tokens.AccessToken, bool, error) {
	page, err := backend.AccessTokens(ctx, tokens.TokenQuery{ID: id})
	if err != nil || len(page.AccessTokens) == 0 {
		return tokens.AccessToken{}, false, err
	}
	return page.AccessTokens[0], true, nil
}

// lookupFailed returns the error of a look-up among all objects of a kind. To a caller who may not look there it says
// what to give instead.
func lookupFailed(kind tokens.Kind, err error) error {
	if tokens.ErrorCode(err) != tokens.CodeForbidden {
		return err
	}
	return fmt.Errorf("the %s can't be looked up by what it is called; give its identifier (%s) instead: %w", kind.Noun(),
		kind.IDForm(), err)
}

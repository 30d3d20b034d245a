package cli

import (
	"context"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// objectID is an argument that is the identifier of any object.
type objectID string

// Validate refuses anything else, and repeats only a plain word.
func (id objectID) Validate() error {
	if id == "" || tokens.KindOf(string(id)) != "" {
		return nil
	}
	return misusef("--object: %q is not an identifier such as tok_…", hideUnlessPlain(string(id)))
}

// tokenID is an argument that is the identifier of an access token.
type tokenID string

// Validate refuses anything else. It repeats only the identifier of another object or a plain word: the rest might be a
// secret or a part of one.
func (id tokenID) Validate() error {
	switch kind := tokens.KindOf(string(id)); kind {
	case tokens.KindAccessToken:
		return nil
	case "":
		return misusef("ID: %q is not the identifier of an access token: give tok_ and 26 characters, "+
			"as latchkey token list shows them", hideUnlessPlain(string(id)))
	default:
		return misusef("%s is the identifier of a %s: give that of an access token (tok_…), "+
			"which latchkey token list shows", id, kind.Noun())
	}
}

// groupRef names a group by its identifier or its name. Like the other references below, anything but an identifier is
// looked up among all objects of the kind, which takes more permissions than using the identifier.
type groupRef string

// Validate refuses what can be neither, and repeats only a plain word.
func (ref groupRef) Validate() error {
	if tokens.IsID(tokens.KindGroup, string(ref)) || tokens.ValidateName("", string(ref)) == nil {
		return nil
	}
	return misusef("name a group by its identifier (grp_…) or its name, which latchkey group list shows; %q is neither",
		hideUnlessPlain(string(ref)))
}

// find returns the identifier of the group, or an empty string for an empty reference.
func (ref groupRef) find(ctx context.Context, backend tokens.GroupService) (string, error) {
	if ref == "" || tokens.IsID(tokens.KindGroup, string(ref)) {
		return string(ref), nil
	}
	groups, err := backend.Groups(ctx)
	if err != nil {
		return "", lookupFailed(tokens.KindGroup, "name", err)
	}
	for _, group := range groups {
		if group.Name == string(ref) {
			return group.ID, nil
		}
	}
	return "", fmt.Errorf("there is no group called %q; latchkey group list shows them all", hideUnlessPlain(string(ref)))
}

// memberRef names a member by the identifier or the e-mail address.
type memberRef string

// Validate refuses what can be neither, and repeats only a plain word.
func (ref memberRef) Validate() error {
	if tokens.IsID(tokens.KindMember, string(ref)) || tokens.ValidateEmail("", string(ref)) == nil {
		return nil
	}
	return misusef("name a member by the identifier (mem_…) or the e-mail address, which latchkey member list shows; "+
		"%q is neither", hideUnlessPlain(string(ref)))
}

// find returns the identifier of the member.
func (ref memberRef) find(ctx context.Context, backend tokens.MemberService) (string, error) {
	if tokens.IsID(tokens.KindMember, string(ref)) {
		return string(ref), nil
	}
	members, err := backend.Members(ctx)
	if err != nil {
		return "", lookupFailed(tokens.KindMember, "e-mail address", err)
	}
	for _, member := range members {
		if tokens.SameEmail(member.Email, string(ref)) {
			return member.ID, nil
		}
	}
	return "", fmt.Errorf("there is no member with the address %s; latchkey member list shows them all", ref)
}

// technicalUserRef names a technical user by its identifier or its e-mail address.
type technicalUserRef string

// Validate refuses what can be neither, and repeats only a plain word.
func (ref technicalUserRef) Validate() error {
	if tokens.IsID(tokens.KindTechnicalUser, string(ref)) || tokens.ValidateEmail("", string(ref)) == nil {
		return nil
	}
	return misusef("name a technical user by its identifier (tu_…) or its e-mail address, "+
		"which latchkey technical-user list shows; %q is neither", hideUnlessPlain(string(ref)))
}

// find returns the identifier of the technical user, or an empty string for an empty reference.
func (ref technicalUserRef) find(ctx context.Context, backend tokens.TechnicalUserService) (string, error) {
	if ref == "" || tokens.IsID(tokens.KindTechnicalUser, string(ref)) {
		return string(ref), nil
	}
	user, err := backend.TechnicalUserWithEmail(ctx, string(ref))
	if tokens.ErrorCode(err) == tokens.CodeNotFound {
		return "", fmt.Errorf("there is no technical user with the address %s; "+
			"latchkey technical-user list shows them all", ref)
	}
	if err != nil {
		return "", lookupFailed(tokens.KindTechnicalUser, "e-mail address", err)
	}
	return user.ID, nil
}

// lookingFor returns a context for the look-ups of an operation on an object, so that the audit log names that operation
// if one of them is refused.
func lookingFor(ctx context.Context, action tokens.Action, objectID string) context.Context {
	return tokens.LookingFor(ctx, tokens.Purpose{Action: action, ObjectID: objectID})
}

// shownTokenWithID returns an access token, and whether the caller may show it. Whoever may not is not refused: it is for
// the operation on the token to decide, and for its event to tell.
func shownTokenWithID(
	ctx context.Context, backend tokens.AccessTokenService, id tokenID,
) (tokens.AccessToken, bool, error) {
	page, err := backend.AccessTokens(ctx, tokens.TokenQuery{ID: string(id)})
	if err != nil || len(page.AccessTokens) == 0 {
		return tokens.AccessToken{}, false, err
	}
	return page.AccessTokens[0], true, nil
}

// lookupFailed returns the error of a look-up among all objects of a kind. To a caller who may not look there it says
// what to give instead.
func lookupFailed(kind tokens.Kind, by string, err error) error {
	if tokens.ErrorCode(err) != tokens.CodeForbidden {
		return err
	}
	return fmt.Errorf("the %s can't be looked up by its %s; give its identifier (%s_…) instead: %w",
		kind.Noun(), by, kind, err)
}

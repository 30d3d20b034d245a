package tokens

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// TokenQuery selects and orders access tokens. The zero query selects the lasting ones of technical users, by creation.
// Personal tokens are selected only by MemberID or ID, ephemeral ones only by Ephemeral or ID.
type TokenQuery struct {
	// ID selects the one token with that identifier; empty for any. Where the caller may not show it, the list is empty:
	// this is how to look at a token that one may do something else with.
	ID string
	// IDPrefix selects the tokens whose identifiers begin like this; empty for any.
	IDPrefix string
	// Name selects the tokens with exactly that name; empty for any.
	Name string
	// NamePrefix selects the tokens whose names begin like this, in any case; empty for any.
	NamePrefix string
	// TechnicalUserEmail selects the tokens of the technical user with that address, in any case; empty for any.
	TechnicalUserEmail string
	// Search selects tokens whose name, description or technical user (name or e-mail) contains the text, in any case.
	Search string
	// Status selects tokens of one status; empty for any.
	Status Status
	// TechnicalUserID selects the tokens of one technical user; empty for any.
	TechnicalUserID string
	// MemberID selects the personal tokens of one member; empty for tokens of technical users.
	MemberID string
	// GroupID selects the tokens at the level of one group; empty for any level.
	GroupID string
	// Ephemeral selects ephemeral tokens, too.
	Ephemeral bool
	// CreatorID selects the tokens that an account made; empty for any.
	CreatorID string
	// ExpiresWithin selects tokens whose secret has not expired and will within this time; zero for any.
	ExpiresWithin time.Duration
	// UnusedFor selects tokens that were not used for this time or longer, counted from their creation where they were
	// never used; zero for any.
	UnusedFor time.Duration
	// Sort is the column to order by; empty for the creation date. Equal tokens stay ordered by creation.
	Sort TokenColumn
	// Descending reverses the order.
	Descending bool
	// Limit is the number of tokens at most; zero for all.
	Limit int
	// Cursor is the NextCursor of a page of the same query: the tokens after that page are selected, as of the time at
	// which the first page was read. Empty for the first page.
	Cursor string
	// CountTotal asks for the total, which takes a look at every token.
	CountTotal bool
}

// TokenPage is the answer to a TokenQuery.
type TokenPage struct {
	AccessTokens []AccessToken
	// NextCursor selects the tokens after these; empty where there are none.
	NextCursor string
	// Total is the number of tokens that the query selects, whatever its Limit and Cursor. It is zero unless the query
	// asks for it.
	Total int
	// GroupNames are the names of the groups to which the tokens belong or in which they have roles, by ID.
	GroupNames map[string]string
	// Roles are the built-in roles and those to which the tokens refer. It is nil if some of these are custom roles and the
	// caller may not list the roles.
	Roles Roles
}

// TokenColumn is a property of tokens by which lists are ordered.
type TokenColumn string

// The columns of a list of access tokens.
const (
	ColumnID            TokenColumn = "id"
	ColumnName          TokenColumn = "name"
	ColumnDescription   TokenColumn = "description"
	ColumnPreview       TokenColumn = "token_preview"
	ColumnTechnicalUser TokenColumn = "technical_user"
	ColumnRole          TokenColumn = "role"
	ColumnStatus        TokenColumn = "status"
	ColumnCreatedAt     TokenColumn = "created_at"
	ColumnExpiresAt     TokenColumn = "expires_at"
	ColumnLastUsedAt    TokenColumn = "last_used_at"
	ColumnSecretVersion TokenColumn = "secret_version"
	ColumnUpdatedAt     TokenColumn = "updated_at"
	ColumnVisibility    TokenColumn = "visibility"
)

// tokenOrder is the order of tokens by a column.
type tokenOrder struct {
	compare func(a, b *AccessToken) int
	// value returns where a token has what compare looks at, for a cursor to keep; nil where every cursor has that.
	value func(t *AccessToken) any
}

// tokenOrders holds the order of each column. An expiry that is not set comes after all others, a use that never
// happened before all others.
var tokenOrders = map[TokenColumn]tokenOrder{
	ColumnID:        {func(a, b *AccessToken) int { return cmp.Compare(a.ID, b.ID) }, nil},
	ColumnCreatedAt: {func(a, b *AccessToken) int { return a.CreatedAt.Compare(b.CreatedAt) }, nil},
	ColumnName: {
		func(a, b *AccessToken) int { return compareText(a.Name, b.Name) },
		func(t *AccessToken) any { return &t.Name },
	},
	ColumnDescription: {
		func(a, b *AccessToken) int { return compareText(a.Description, b.Description) },
		func(t *AccessToken) any { return &t.Description },
	},
	ColumnPreview: {
		func(a, b *AccessToken) int { return cmp.Compare(a.Secret.Preview, b.Secret.Preview) },
		func(t *AccessToken) any { return &t.Secret.Preview },
	},
	ColumnTechnicalUser: {
		func(a, b *AccessToken) int { return cmp.Compare(a.User.Email, b.User.Email) },
		func(t *AccessToken) any { return &t.User.Email },
	},
	ColumnRole: {
		func(a, b *AccessToken) int { return compareRoles(a.Grants.Role, b.Grants.Role) },
		func(t *AccessToken) any { return &t.Grants.Role },
	},
	ColumnStatus: {
		func(a, b *AccessToken) int { return cmp.Compare(a.Status, b.Status) },
		func(t *AccessToken) any { return &t.Status },
	},
	ColumnExpiresAt: {
		func(a, b *AccessToken) int {
			x, y := a.SecretExpiresAt(), b.SecretExpiresAt()
			if x.IsZero() || y.IsZero() {
				return compareBool(x.IsZero(), y.IsZero())
			}
			return x.Compare(y)
		},
		func(t *AccessToken) any {
			t.ExpiresAt, t.TTL = t.SecretExpiresAt(), 0
			return &t.ExpiresAt
		},
	},
	ColumnLastUsedAt: {
		func(a, b *AccessToken) int { return a.LastUsedAt.Compare(b.LastUsedAt) },
		func(t *AccessToken) any { return &t.LastUsedAt },
	},
	ColumnSecretVersion: {
		func(a, b *AccessToken) int { return cmp.Compare(a.Secret.Version, b.Secret.Version) },
		func(t *AccessToken) any { return &t.Secret.Version },
	},
	ColumnUpdatedAt: {
		func(a, b *AccessToken) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
		func(t *AccessToken) any { return &t.UpdatedAt },
	},
	ColumnVisibility: {
		func(a, b *AccessToken) int { return cmp.Compare(a.Visibility, b.Visibility) },
		func(t *AccessToken) any { return &t.Visibility },
	},
}

// TokenColumns returns the columns by which a list can be ordered, sorted.
func TokenColumns() []TokenColumn {
	columns := make([]TokenColumn, 0, len(tokenOrders))
	for column := range tokenOrders {
		columns = append(columns, column)
	}
	slices.Sort(columns)
	return columns
}

// Validate checks that the status and the column exist, the form of identifiers, and that no number is negative and
// that the cursor is one of this query.
func (q TokenQuery) Validate() error {
	if q.Status != "" && !slices.Contains(Statuses(), q.Status) {
		return Invalid("status", "there is no status %q; the statuses are %s", q.Status, join(Statuses()))
	}
	if _, ok := tokenOrders[q.Sort]; q.Sort != "" && !ok {
		return Invalid("sort", "there is no column %q; the columns are %s", q.Sort, join(TokenColumns()))
	}
	if q.ID != "" {
		if err := ValidateID("id", KindAccessToken, q.ID); err != nil {
			return err
		}
	}
	if q.TechnicalUserID != "" {
		if err := ValidateID("technical_user_id", KindTechnicalUser, q.TechnicalUserID); err != nil {
			return err
		}
	}
	if q.MemberID != "" {
		if err := ValidateID("member_id", KindMember, q.MemberID); err != nil {
			return err
		}
	}
	if q.GroupID != "" {
		if err := ValidateID("group_id", KindGroup, q.GroupID); err != nil {
			return err
		}
	}
	if kind := KindOf(q.CreatorID); q.CreatorID != "" && kind != KindMember && kind != KindTechnicalUser {
		return Invalid("creator_id", "%q is not the identifier of an account: write that of a member or a technical user",
			q.CreatorID).Because(ReasonNotAnIdentifier)
	}
	for _, n := range []struct {
		field string
		value int64
	}{{"expires_within", int64(q.ExpiresWithin)}, {"unused_for", int64(q.UnusedFor)}, {"limit", int64(q.Limit)}} {
		if n.value < 0 {
			return Invalid(n.field, "it is negative: use a positive number, or leave it out")
		}
	}
	_, err := q.Position()
	return err
}

// Column returns the column to order by.
func (q TokenQuery) Column() TokenColumn { return cmp.Or(q.Sort, ColumnCreatedAt) }

// Compare orders two tokens, observed at the same time, as the query asks for.
func (q TokenQuery) Compare(a, b *AccessToken) int {
	c := tokenOrders[q.Column()].compare(a, b)
	if q.Descending {
		c = -c
	}
	return cmp.Or(c, a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
}

// Selects reports whether the query selects a token that was observed at a time, its Limit and Cursor apart.
func (q TokenQuery) Selects(t *AccessToken, now time.Time) bool {
	if q.ID != "" && t.ID != q.ID || q.Status != "" && t.Status != q.Status || q.TechnicalUserID != "" && t.User.ID != q.TechnicalUserID ||
		q.GroupID != "" && t.User.GroupID != q.GroupID || q.CreatorID != "" && t.CreatorID != q.CreatorID || !q.names(t) ||
		!q.ofAccount(t) || t.Ephemeral && !q.Ephemeral && q.ID == "" {
		return false
	}
	if q.ExpiresWithin > 0 {
		expiry := t.SecretExpiresAt()
		if expiry.IsZero() || !now.Before(expiry) || expiry.After(now.Add(q.ExpiresWithin)) {
			return false
		}
	}
	if q.UnusedFor > 0 {
		used := t.LastUsedAt
		if used.IsZero() {
			used = t.CreatedAt
		}
		if used.After(now.Add(-q.UnusedFor)) {
			return false
		}
	}
	return q.Search == "" || t.mentions(Folded(q.Search))
}

// ofAccount reports whether a token belongs to an account of the kind that the query asks for.
func (q TokenQuery) ofAccount(t *AccessToken) bool {
	if q.MemberID == "" {
		return q.ID != "" || !t.IsPersonal()
	}
	return t.User.ID == q.MemberID
}

// names reports whether a token is called what the query asks for.
func (q TokenQuery) names(t *AccessToken) bool {
	return strings.HasPrefix(t.ID, q.IDPrefix) && (q.Name == "" || Normal(t.Name) == Normal(q.Name)) &&
		strings.HasPrefix(Folded(t.Name), Folded(q.NamePrefix)) &&
		(q.TechnicalUserEmail == "" || !t.IsPersonal() && t.User.Email == strings.ToLower(q.TechnicalUserEmail))
}

// mentions reports whether the token's name, description or technical user contains a folded text.
func (t *AccessToken) mentions(text string) bool {
	return mentioned(text, t.Name, t.Description, t.User.Email, t.User.Name)
}

// mentioned reports whether one of the texts contains a folded text, in any case.
func mentioned(folded string, texts ...string) bool {
	return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(Folded(text), folded) })
}

// Folded returns a text without the difference between upper and lower case, by which texts are searched and ordered. A
// database has its own ideas of letters, so a store keeps this text too.
func Folded(text string) string { return strings.ToLower(Normal(text)) }

// compareText orders texts as people do: by their letters, then upper case first.
func compareText(a, b string) int {
	return cmp.Or(cmp.Compare(Folded(a), Folded(b)), cmp.Compare(a, b))
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

func join[T ~string](values []T) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = string(v)
	}
	return strings.Join(texts, ", ")
}

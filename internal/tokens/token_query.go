package tokens

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// TokenQuery selects and orders access tokens. The zero query selects all, by creation.
type TokenQuery struct {
	// Search selects tokens whose name, description or technical user (name or e-mail) contains the text, in any case.
	Search string
	// Status selects tokens of one status; empty for any.
	Status Status
	// TechnicalUserID selects the tokens of one technical user; empty for any.
	TechnicalUserID string
	// GroupID selects the tokens at the level of one group; empty for any level.
	GroupID string
	// ExpiresWithin selects tokens whose secret has not expired and will within this time; zero for any.
	ExpiresWithin time.Duration
	// UnusedFor selects tokens that were not used for this time or longer, counted from their creation where they were
	// never used; zero for any.
	UnusedFor time.Duration
	// Sort is the column to order by; empty for the creation date. Equal tokens stay ordered by creation.
	Sort TokenColumn
	// Descending reverses the order.
	Descending bool
	// Limit is the number of tokens at most, after the first Offset of those selected; zero for all.
	Limit, Offset int
}

// TokenPage is the answer to a TokenQuery.
type TokenPage struct {
	AccessTokens []AccessToken
	// Total is the number of tokens that the query selects, whatever its Limit and Offset.
	Total int
	// GroupNames are the names of the groups to which the tokens belong or in which they have roles, by ID.
	GroupNames map[string]string
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

// tokenOrders holds the order of each column. An expiry that is not set comes after all others, a use that never
// happened before all others.
var tokenOrders = map[TokenColumn]func(a, b *AccessToken) int{
	ColumnID:            func(a, b *AccessToken) int { return cmp.Compare(a.ID, b.ID) },
	ColumnName:          func(a, b *AccessToken) int { return compareText(a.Name, b.Name) },
	ColumnDescription:   func(a, b *AccessToken) int { return compareText(a.Description, b.Description) },
	ColumnPreview:       func(a, b *AccessToken) int { return cmp.Compare(a.Secret.Preview, b.Secret.Preview) },
	ColumnTechnicalUser: func(a, b *AccessToken) int { return cmp.Compare(a.User.Email, b.User.Email) },
	ColumnRole:          func(a, b *AccessToken) int { return compareRoles(a.Grants.Role, b.Grants.Role) },
	ColumnStatus:        func(a, b *AccessToken) int { return cmp.Compare(a.Status, b.Status) },
	ColumnCreatedAt:     func(a, b *AccessToken) int { return a.CreatedAt.Compare(b.CreatedAt) },
	ColumnExpiresAt: func(a, b *AccessToken) int {
		x, y := a.SecretExpiresAt(), b.SecretExpiresAt()
		switch {
		case x.IsZero() || y.IsZero():
			return compareBool(x.IsZero(), y.IsZero())
		default:
			return x.Compare(y)
		}
	},
	ColumnLastUsedAt:    func(a, b *AccessToken) int { return a.LastUsedAt.Compare(b.LastUsedAt) },
	ColumnSecretVersion: func(a, b *AccessToken) int { return cmp.Compare(a.Secret.Version, b.Secret.Version) },
	ColumnUpdatedAt:     func(a, b *AccessToken) int { return a.UpdatedAt.Compare(b.UpdatedAt) },
	ColumnVisibility:    func(a, b *AccessToken) int { return cmp.Compare(a.Visibility, b.Visibility) },
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

// Validate checks that the status and the column exist, the form of identifiers, and that no number is negative.
func (q TokenQuery) Validate() error {
	if q.Status != "" && !slices.Contains(Statuses(), q.Status) {
		return Invalid("status", "there is no status %q; the statuses are %s", q.Status, join(Statuses()))
	}
	if _, ok := tokenOrders[q.Sort]; q.Sort != "" && !ok {
		return Invalid("sort", "there is no column %q; the columns are %s", q.Sort, join(TokenColumns()))
	}
	if q.TechnicalUserID != "" {
		if err := ValidateID("technical_user_id", KindTechnicalUser, q.TechnicalUserID); err != nil {
			return err
		}
	}
	if q.GroupID != "" {
		if err := ValidateID("group_id", KindGroup, q.GroupID); err != nil {
			return err
		}
	}
	for _, n := range []struct {
		field string
		value int64
	}{{"expires_within", int64(q.ExpiresWithin)}, {"unused_for", int64(q.UnusedFor)}, {"limit", int64(q.Limit)}, {"offset", int64(q.Offset)}} {
		if n.value < 0 {
			return Invalid(n.field, "it is negative: use a positive number, or leave it out")
		}
	}
	return nil
}

// Select returns those of the tokens, observed at an instant, that the query selects, in its order, and how many there
// are without its Limit and Offset.
func (q TokenQuery) Select(list []AccessToken, now time.Time) (selected []AccessToken, total int) {
	search := strings.ToLower(q.Search)
	var found []*AccessToken // tokens are large: they are copied once, not at every step of the sorting
	for i := range list {
		if t := &list[i]; q.selects(t, search, now) {
			found = append(found, t)
		}
	}
	order := tokenOrders[cmp.Or(q.Sort, ColumnCreatedAt)]
	slices.SortFunc(found, func(a, b *AccessToken) int {
		c := order(a, b)
		if q.Descending {
			c = -c
		}
		return cmp.Or(c, a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	total = len(found)
	found = found[min(q.Offset, total):]
	if q.Limit > 0 {
		found = found[:min(q.Limit, len(found))]
	}
	selected = slices.Grow(selected, len(found))
	for _, t := range found {
		selected = append(selected, *t)
	}
	return selected, total
}

// selects tells whether the query selects a token. The text to search for is in lower case.
func (q TokenQuery) selects(t *AccessToken, search string, now time.Time) bool {
	if q.Status != "" && t.Status != q.Status || q.TechnicalUserID != "" && t.User.ID != q.TechnicalUserID || q.GroupID != "" && t.User.GroupID != q.GroupID {
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
	return search == "" || t.mentions(search)
}

// mentions tells whether the token's name, description or technical user contains the text, which is in lower case.
func (t *AccessToken) mentions(text string) bool {
	for _, s := range []string{t.Name, t.Description, t.User.Email, t.User.Name} {
		if strings.Contains(strings.ToLower(s), text) {
			return true
		}
	}
	return false
}

// compareText orders texts as people do: by their letters, then upper case first.
func compareText(a, b string) int {
	return cmp.Or(cmp.Compare(strings.ToLower(a), strings.ToLower(b)), cmp.Compare(a, b))
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

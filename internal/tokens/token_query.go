package tokens

import (
	"cmp"
	"slices"
	"strings"
)

// TokenQuery selects and orders access tokens. The zero query selects all, by creation.
type TokenQuery struct {
	// Search selects tokens whose name, description or technical user (name or e-mail) contains the text, in any case.
	Search string
	// Status selects tokens of one status; empty for any.
	Status Status
	// Sort is the column to order by; empty for the creation date. Equal tokens stay ordered by creation.
	Sort TokenColumn
	// Descending reverses the order.
	Descending bool
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
)

// tokenOrders holds the order of each column. An expiry that is not set comes after all others, a use that never
// happened before all others.
var tokenOrders = map[TokenColumn]func(a, b *AccessToken) int{
	ColumnID:            func(a, b *AccessToken) int { return cmp.Compare(a.ID, b.ID) },
	ColumnName:          func(a, b *AccessToken) int { return compareText(a.Name, b.Name) },
	ColumnDescription:   func(a, b *AccessToken) int { return compareText(a.Description, b.Description) },
	ColumnPreview:       func(a, b *AccessToken) int { return cmp.Compare(a.Secret.Preview, b.Secret.Preview) },
	ColumnTechnicalUser: func(a, b *AccessToken) int { return cmp.Compare(a.User.Email, b.User.Email) },
	ColumnRole:          func(a, b *AccessToken) int { return cmp.Compare(roleRank(a.Grants().Role), roleRank(b.Grants().Role)) },
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

// Validate checks that the status and the column exist.
func (q TokenQuery) Validate() error {
	if q.Status != "" && !slices.Contains(Statuses(), q.Status) {
		return Invalid("status", "there is no status %q; the statuses are %s", q.Status, join(Statuses()))
	}
	if _, ok := tokenOrders[q.Sort]; q.Sort != "" && !ok {
		return Invalid("sort", "there is no column %q; the columns are %s", q.Sort, join(TokenColumns()))
	}
	return nil
}

// Select returns those of the observed tokens that the query selects, in its order. It reuses the slice.
func (q TokenQuery) Select(list []AccessToken) []AccessToken {
	search := strings.ToLower(q.Search)
	list = slices.DeleteFunc(list, func(t AccessToken) bool {
		return q.Status != "" && t.Status != q.Status || search != "" && !t.mentions(search)
	})
	order := tokenOrders[cmp.Or(q.Sort, ColumnCreatedAt)]
	slices.SortFunc(list, func(a, b AccessToken) int {
		c := order(&a, &b)
		if q.Descending {
			c = -c
		}
		return cmp.Or(c, a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.ID, b.ID))
	})
	return list
}

// mentions tells whether the token's name, description or technical user contains the text, which is in lower case.
func (t AccessToken) mentions(text string) bool {
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

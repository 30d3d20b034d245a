package tokens

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"time"
)

// TokenPosition is where a page of access tokens ends.
type TokenPosition struct {
	// Now is the time at which the first page was read.
	Now time.Time
	// Last is the last token of the page. It holds what TokenQuery.Compare looks at, and nothing else.
	Last AccessToken
}

// tokenCursor is the content of a cursor, for its own query alone.
type tokenCursor struct {
	// Query is the digest of the query.
	Query     string    `json:"query"`
	Now       time.Time `json:"now"`
	CreatedAt time.Time `json:"created_at"`
	ID        string    `json:"id"`
	// Value is that of the column by which the tokens are ordered.
	Value json.RawMessage `json:"value,omitempty"`
}

// digest tells queries apart that don't have the same pages.
func (q TokenQuery) digest() string {
	q.Limit, q.Cursor, q.CountTotal, q.Sort = 0, "", false, q.Column()
	sum := sha256.Sum256(fmt.Appendf(nil, "%#v", q))
	return base64.RawURLEncoding.EncodeToString(sum[:9])
}

// CursorAfter returns the cursor of the page after a token, observed at the time at which the first page was read.
func (q TokenQuery) CursorAfter(t AccessToken) string {
	c := tokenCursor{Query: q.digest(), Now: t.ObservedAt, CreatedAt: t.CreatedAt, ID: t.ID}
	if value := tokenOrders[q.Column()].value; value != nil {
		c.Value, _ = json.Marshal(value(&t)) // a text, a number or a time of this age
	}
	return c.text()
}

// text returns the cursor as callers pass it on.
func (c tokenCursor) text() string {
	encoded, _ := json.Marshal(c)
	return base64.RawURLEncoding.EncodeToString(encoded)
}

// Position returns where the page before ends; nil for the first page. CodeInvalid for a cursor that does not belong to
// this query.
func (q TokenQuery) Position() (*TokenPosition, error) {
	if q.Cursor == "" {
		return nil, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	var c tokenCursor
	if err == nil {
		err = json.Unmarshal(text, &c)
	}
	if err != nil || c.text() != q.Cursor || c.Query != q.digest() {
		return nil, Invalid("cursor",
			"it does not belong to this query: repeat the query with the cursor that came with its last page, "+
				"unchanged, or leave the cursor out for the first page")
	}
	p := &TokenPosition{Now: c.Now}
	p.Last.ID, p.Last.CreatedAt = c.ID, c.CreatedAt
	if value := tokenOrders[q.Column()].value; value != nil {
		if err := json.Unmarshal(c.Value, value(&p.Last)); err != nil {
			return nil, Invalid("cursor",
				"it is damaged: pass on, unchanged, what came with the last page, or leave the cursor out for the first page")
		}
	}
	return p, nil
}

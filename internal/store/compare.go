package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// TableDigest sums up the rows of a table: what differs in any column of any row has another digest, whichever engine holds it.
type TableDigest struct {
	Table  string
	Rows   int64
	Digest string
}

// TableDigests returns the digests of all tables. It leaves out where the database was moved to, in which the two ends of a move
// differ. progress may be nil.
func (v View) TableDigests(ctx context.Context, progress Progress) (all []TableDigest, err error) {
	for _, of := range tables {
		d := TableDigest{Table: of.name}
		sum := sha256.New()
		_, err := v.eachRow(ctx, of, func(columns []string, values []any) error {
			texts := make([]string, 0, 2*len(columns))
			for i, value := range values {
				if columns[i] == "moved_to" {
					continue
				}
				text, err := comparableText(value)
				if err != nil {
					return fmt.Errorf("column %s: %w", columns[i], err)
				}
				texts = append(texts, columns[i], text)
			}
			_, _ = sum.Write([]byte(tokens.TextsDigest(texts...))) // which never fails
			if d.Rows++; progress != nil && d.Rows%copiedAtOnce == 0 {
				progress(of.name, d.Rows)
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("comparing table %s: %w", of.name, err)
		}
		d.Digest = hex.EncodeToString(sum.Sum(nil))
		all = append(all, d)
	}
	return all, nil
}

// comparableText returns a value of a column as a text that is the same for each engine.
func comparableText(value any) (string, error) {
	switch v := value.(type) {
	case nil:
		return "null", nil
	case string:
		return "text " + v, nil
	case int64:
		return fmt.Sprintf("number %d", v), nil
	case bool:
		if v {
			return "number 1", nil
		}
		return "number 0", nil
	}
	return "", fmt.Errorf("no table holds values of type %T", value)
}

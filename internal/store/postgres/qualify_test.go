package postgres

import "testing"

// Each table has its schema before it, and nothing else has.
func TestQualified(t *testing.T) {
	q := newQualifier("s")
	for text, want := range map[string]string{
		`SELECT t.id, u.name AS events FROM access_tokens t LEFT JOIN technical_users u ON u.id = t.technical_user_id`: `SELECT t.id, u.name AS events FROM "s".access_tokens t LEFT JOIN "s".technical_users u ON u.id = t.technical_user_id`,
		`INSERT INTO changes (serial, kind, id) SELECT changed.serial, o.kind, o.id FROM changed`:                      `INSERT INTO "s".changes (serial, kind, id) SELECT changed.serial, o.kind, o.id FROM changed`,
		"UPDATE\n\tsecrets SET version = 1 WHERE secrets.hash = $1":                                                    "UPDATE\n\t\"s\".secrets SET version = 1 WHERE secrets.hash = $1",
		`DELETE FROM events WHERE number <= $1`:                                                                        `DELETE FROM "s".events WHERE number <= $1`,
		`CREATE UNIQUE INDEX members_email ON members (lower(email))`:                                                  `CREATE UNIQUE INDEX members_email ON "s".members (lower(email))`,
		`DROP INDEX events_object`: `DROP INDEX "s".events_object`,
		`ALTER TABLE members ADD COLUMN role_id TEXT REFERENCES roles (id)`: `ALTER TABLE "s".members ADD COLUMN role_id TEXT REFERENCES "s".roles (id)`,
		`SELECT 1 FROM database d CROSS JOIN (SELECT 1 FROM groups) g`:      `SELECT 1 FROM "s".database d CROSS JOIN (SELECT 1 FROM "s".groups) g`,
	} {
		if got := q.qualified(text); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

package postgres

import (
	"context"
	_ "embed" // for the list of objects
	"errors"
	"slices"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/store"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// ownObjects are the lines of selectObjects for the schema that this program makes.
//
//go:embed objects.txt
var ownObjects string

// selectObjects describes what is in a schema, a line for each thing: whatever could change what a statement does.
const selectObjects = `WITH place AS (SELECT oid, nspname, nspowner, nspacl FROM pg_catalog.pg_namespace WHERE nspname = $1),
	tables AS (SELECT c.* FROM pg_catalog.pg_class c JOIN place ON place.oid = c.relnamespace)
	SELECT CASE c.relkind WHEN 'r' THEN 'table ' ELSE 'relation of kind ' || c.relkind::text || ' ' END || c.relname ||
		CASE c.relpersistence WHEN 'p' THEN '' ELSE ', not kept in a crash' END ||
		CASE WHEN c.relrowsecurity THEN ', with policies for rows' ELSE '' END
		FROM tables c WHERE c.relkind NOT IN ('i', 'S', 't')
	UNION ALL SELECT 'column ' || c.relname || '.' || a.attname || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod) ||
		CASE WHEN a.attnotnull THEN ' not null' ELSE '' END || CASE WHEN l.collname = 'C' THEN ' by bytes' ELSE '' END ||
		CASE a.attidentity WHEN '' THEN '' ELSE ' counted' END || CASE a.attgenerated WHEN '' THEN '' ELSE ' generated' END ||
		COALESCE(' default ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid), '')
		FROM tables c JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		LEFT JOIN pg_catalog.pg_collation l ON l.oid = a.attcollation
		LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum WHERE c.relkind = 'r'
	UNION ALL SELECT pg_catalog.replace(pg_catalog.pg_get_indexdef(i.indexrelid), pg_catalog.quote_ident(place.nspname) || '.', '') ||
		CASE WHEN i.indisvalid AND i.indisready THEN '' ELSE ', not valid' END
		FROM pg_catalog.pg_index i JOIN tables c ON c.oid = i.indrelid CROSS JOIN place
	UNION ALL SELECT 'constraint ' || k.conname || ' of ' || c.relname || ' ' ||
		pg_catalog.replace(pg_catalog.pg_get_constraintdef(k.oid), pg_catalog.quote_ident(place.nspname) || '.', '')
		FROM pg_catalog.pg_constraint k JOIN tables c ON c.oid = k.conrelid CROSS JOIN place WHERE k.contype <> 'n'
	UNION ALL SELECT 'trigger ' || t.tgname || ' on ' || c.relname
		FROM pg_catalog.pg_trigger t JOIN tables c ON c.oid = t.tgrelid WHERE NOT t.tgisinternal OR t.tgenabled <> 'O'
	UNION ALL SELECT 'rule ' || r.rulename || ' on ' || c.relname
		FROM pg_catalog.pg_rewrite r JOIN tables c ON c.oid = r.ev_class WHERE c.relkind = 'r'
	UNION ALL SELECT 'function ' || p.proname FROM pg_catalog.pg_proc p JOIN place ON place.oid = p.pronamespace
	UNION ALL SELECT 'child table ' || c.relname
		FROM pg_catalog.pg_inherits h JOIN tables c ON c.oid = h.inhparent
	UNION ALL SELECT 'another owner of ' || c.relname FROM tables c CROSS JOIN place WHERE c.relowner <> place.nspowner
	UNION ALL SELECT 'the right of others to create things'
		FROM place CROSS JOIN LATERAL pg_catalog.aclexplode(place.nspacl) a
		WHERE a.privilege_type = 'CREATE' AND a.grantee <> place.nspowner`

// objects returns what is in the schema, in the order of the lines.
func (c *connection) objects(ctx context.Context, q store.Querier) (lines []string, err error) {
	rows, err := q.QueryContext(ctx, selectObjects, c.schema)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	slices.Sort(lines)
	return lines, rows.Err()
}

// suspectObjects are how the lines begin of what belongs in no version of the schema.
var suspectObjects = []string{"relation ", "trigger ", "rule ", "function ", "child table ", "another owner ", "the right "}

// checkObjects refuses a schema that this program did not make. A trigger could undo what was written while this program says
// that it is done. Of another version it knows only what belongs in none.
func (c *connection) checkObjects(ctx context.Context, q store.Querier, version int) error {
	lines, err := c.objects(ctx, q)
	if err != nil {
		return err
	}
	own := strings.Split(strings.TrimSpace(ownObjects), "\n")
	var differences []string
	for _, line := range lines {
		foreign := !slices.Contains(own, line)
		if version != store.SchemaVersion {
			foreign = slices.ContainsFunc(suspectObjects, func(start string) bool { return strings.HasPrefix(line, start) })
		}
		if foreign {
			differences = append(differences, "it has "+tokens.Cleaned(line))
		}
	}
	for _, line := range own {
		if version == store.SchemaVersion && !slices.Contains(lines, line) {
			differences = append(differences, "it lacks "+line)
		}
	}
	if len(differences) == 0 {
		return nil
	}
	const most = 5
	return tokens.Unavailable(nil, "database %s does not hold just what Latchkey makes: %s; nothing was changed: have the owner of the schema "+
		"undo that, or restore it from a backup", c.Location(), strings.Join(differences[:min(most, len(differences))], "; ")).
		Because(tokens.ReasonDatabaseFailing)
}

package store

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// TokenSelection narrows a list of access tokens to what a rule of package tokens may select. It decides nothing: each
// of its conditions is one without which that rule says no.
type TokenSelection struct {
	// Query orders and filters. Its Limit and Cursor don't count here.
	Query tokens.TokenQuery
	// Now is the time as of which the query filters.
	Now time.Time
	// After is the token behind which the list begins, in the order of the query; nil for the beginning.
	After *tokens.AccessToken
	// Limit is the number of tokens at most; zero for all. The orders by a status or a role, which rules make, have no
	// limit.
	Limit    int
	Audience Audience
	// IDs are the identifiers of the tokens, UserIDs those of the technical users that the system created for them, and
	// Restricted means that it is the restricted ones alone, where there is no Limit. Nil and false are for all.
	IDs, UserIDs []string
	Restricted   bool
}

// Audience narrows a list of access tokens to those that a caller may show.
type Audience struct {
	// All means that it is all of them.
	All bool
	// Everywhere means that the caller may read tokens at every level, and Groups are those in which it may, restricted
	// tokens apart.
	Everywhere bool
	Groups     []string
	// RestrictedGroups are the groups in which the caller may read restricted tokens, too.
	RestrictedGroups []string
	// Personal means that the caller may show the personal tokens of every member.
	Personal bool
	// AccountID is the account whose shares, own restricted tokens and own personal tokens count; empty for none.
	AccountID string
}

// TokenList are access tokens, in no order, and what is needed to understand them, as of the same moment.
type TokenList struct {
	AccessTokens []tokens.AccessToken
	// Shares are the roles on these tokens, one for each, that the member of the audience has by a share; empty for none.
	Shares []string
	// CustomRoles are those that the tokens and their technical users have, with their names and permissions alone.
	CustomRoles []tokens.Role
	// GroupNames are the names of the groups to which the tokens belong or in which they have roles, by ID.
	GroupNames map[string]string
}

// AccessTokens returns the first access tokens of a selection, by a single statement; for an audience of some by one
// more.
func (v View) AccessTokens(ctx context.Context, selection TokenSelection) (list TokenList, err error) {
	b := &tokenListBuilder{TokenSelection: selection, lateral: v.lateral}
	if selection.Limit > 0 && selection.Audience.AccountID != "" {
		if b.personal, err = v.personalTokens(ctx, selection.Audience.AccountID); err != nil {
			return list, err
		}
	}
	shares, names := []string{}, map[string]string{}
	var rows tokenRows
	var share string
	var groupName, roleGroupName sql.NullString
	row := newTokenRow(textTo(&share), nullText{&groupName}, nullText{&roleGroupName})
	err = each(ctx, v.q, func(from scanner) error {
		if err := row.scan(from); err != nil {
			return err
		}
		if groupName.Valid != (row.token.User.GroupID != "") || roleGroupName.Valid != row.group.Valid {
			return checkedRow(tokens.KindAccessToken, row.token.ID, &columnError{"group_id", "that group is not there"})
		}
		if rows.add(row) == len(shares) {
			shares = append(shares, share)
		}
		if groupName.Valid {
			names[row.token.User.GroupID] = groupName.String
		}
		if roleGroupName.Valid {
			names[row.group.String] = roleGroupName.String
		}
		return nil
	}, b.text(), b.args...)
	if err != nil {
		return list, err
	}
	all, roles := rows.finish()
	return TokenList{AccessTokens: all, Shares: shares, CustomRoles: roles, GroupNames: names}, nil
}

// manyPersonalTokens is from how many tokens on those of a member are looked for in the order of a list, and not all of
// them put into that order.
const manyPersonalTokens = 1000

// personalTokens counts, up to manyPersonalTokens each, the tokens that are shared with a member and the restricted
// ones that it made.
func (v View) personalTokens(ctx context.Context, memberID string) (number int, err error) {
	limit := strconv.Itoa(manyPersonalTokens)
	number, _, err = find(ctx, v.q, func(row scanner) (number int, err error) {
		err = row.Scan(&number)
		return number, err
	}, `SELECT (SELECT count(*) FROM (SELECT 1 FROM token_shares WHERE member_id = $1 LIMIT `+limit+`) shared) +
		(SELECT count(*) FROM (SELECT 1 FROM access_tokens WHERE creator_id = $1 AND visibility = 'restricted'
		LIMIT `+limit+`) own)`, memberID)
	return number, err
}

// tokenListBuilder writes the statement of a list.
//
// The list of a limited number of tokens is put together from the beginnings of parts, called arms. An index has each
// arm in the order of the list: the tokens of one level that everyone may know of and the restricted ones, and those with
// a value in the column of the order and those without.
type tokenListBuilder struct {
	TokenSelection
	statement
	// personal is how many tokens the audience may show for what they are to the member.
	personal int
	// lateral is that of the view.
	lateral bool
}

// text returns the text of the statement.
func (b *tokenListBuilder) text() string {
	share, shares := `''`, ``
	if member := b.Audience.AccountID; member != "" {
		share = `coalesce(h.role, '')`
		shares = ` LEFT JOIN token_shares h ON h.access_token_id = t.id AND h.member_id = ` + b.arg(member)
	}
	text := `SELECT ` + share + `, user_group.name, role_group.name, ` + accessTokenColumns + ` FROM `
	tables := accessTokenTables + `
		LEFT JOIN groups user_group ON user_group.id = u.group_id
		LEFT JOIN groups role_group ON role_group.id = r.group_id` + shares
	order := orderOf(b.Query)
	if b.Limit == 0 || order == nil {
		return text + tables + where(append(b.filters(), b.visible(), b.chosen())...)
	}
	return text + `(` + b.first(*order) + `) page CROSS JOIN ` + tables + ` WHERE t.id = page.id`
}

// Orders reports whether a store can put a list into the order of the query, and so return the first tokens alone. The
// orders by role and by status are made by rules.
func Orders(query tokens.TokenQuery) bool { return orderOf(query) != nil }

// chosen is the condition that a token is one of those that the selection names; empty for all tokens.
func (b *tokenListBuilder) chosen() string {
	switch {
	case b.Restricted:
		return `t.visibility = 'restricted'`
	case b.IDs != nil:
		return `t.id ` + b.in(b.IDs)
	case b.UserIDs != nil:
		return `u.system_created AND t.technical_user_id ` + b.in(b.UserIDs)
	}
	return ""
}

// tokenOrder is how a list is ordered in the database.
type tokenOrder struct {
	// keys are the columns before created_at and id.
	keys []string
	// nullable means that the one key may be NULL, and nullsFirst that such tokens come first where the order ascends.
	nullable, nullsFirst bool
	// indexed means that indexes have this order.
	indexed bool
	// values returns the keys of a token.
	values func(*tokens.AccessToken) []any
}

// orderOf returns how the list of a query is ordered; nil where only a rule knows the order.
func orderOf(query tokens.TokenQuery) *tokenOrder {
	switch query.Column() {
	case tokens.ColumnCreatedAt:
		return &tokenOrder{indexed: true, values: func(*tokens.AccessToken) []any { return nil }}
	case tokens.ColumnName:
		return &tokenOrder{
			keys: []string{"t.name_key", "t.name"}, indexed: true,
			values: func(t *tokens.AccessToken) []any { return []any{tokens.Folded(t.Name), t.Name} },
		}
	case tokens.ColumnExpiresAt:
		return &tokenOrder{
			keys: []string{"t.secret_ends_at"}, nullable: true, indexed: true,
			values: func(t *tokens.AccessToken) []any { return []any{microseconds(t.SecretExpiresAt())} },
		}
	case tokens.ColumnLastUsedAt:
		return &tokenOrder{
			keys: []string{"t.last_used_at"}, nullable: true, nullsFirst: true, indexed: true,
			values: func(t *tokens.AccessToken) []any { return []any{microseconds(t.LastUsedAt)} },
		}
	case tokens.ColumnID:
		return &tokenOrder{
			keys:   []string{"t.id"},
			values: func(t *tokens.AccessToken) []any { return []any{t.ID} },
		}
	case tokens.ColumnDescription:
		return &tokenOrder{
			keys:   []string{"t.description_key", "t.description"},
			values: func(t *tokens.AccessToken) []any { return []any{tokens.Folded(t.Description), t.Description} },
		}
	case tokens.ColumnPreview:
		return &tokenOrder{
			keys:   []string{"s.preview"},
			values: func(t *tokens.AccessToken) []any { return []any{t.Secret.Preview} },
		}
	case tokens.ColumnTechnicalUser:
		return &tokenOrder{
			keys:   []string{"coalesce(u.email, m.email)"},
			values: func(t *tokens.AccessToken) []any { return []any{t.User.Email} },
		}
	case tokens.ColumnSecretVersion:
		return &tokenOrder{
			keys:   []string{"t.secret_version"},
			values: func(t *tokens.AccessToken) []any { return []any{t.Secret.Version} },
		}
	case tokens.ColumnUpdatedAt:
		return &tokenOrder{
			keys:   []string{"t.updated_at"},
			values: func(t *tokens.AccessToken) []any { return []any{microseconds(t.UpdatedAt)} },
		}
	case tokens.ColumnVisibility:
		return &tokenOrder{
			keys:   []string{"t.visibility"},
			values: func(t *tokens.AccessToken) []any { return []any{string(t.Visibility)} },
		}
	case tokens.ColumnRole, tokens.ColumnStatus:
	}
	return nil
}

// first selects the identifiers of the first tokens.
func (b *tokenListBuilder) first(order tokenOrder) string {
	sides := b.sides(order)
	var arms []string
	for _, part := range b.parts(order) {
		for i, side := range sides {
			arms = append(arms, b.arm(order, part, i, side))
		}
	}
	if len(arms) == 0 {
		return `SELECT id FROM access_tokens WHERE 1 = 0`
	}
	limit := ` LIMIT ` + b.arg(b.Limit)
	text := `SELECT id FROM (SELECT * FROM (` + strings.Join(arms, `) arm UNION SELECT * FROM (`) +
		`) arm) arms ORDER BY side`
	for i := range order.keys {
		text += fmt.Sprintf(", key%d%s", i, b.direction())
	}
	if len(order.keys) == 0 {
		text += ", created_at" + b.direction() + ", id"
	} else {
		text += ", created_at, id"
	}
	return text + limit
}

// direction returns what follows a column in ORDER BY.
func (b *tokenListBuilder) direction() string {
	if b.Query.Descending {
		return " DESC"
	}
	return ""
}

// part is a part of the tokens.
type part struct {
	// from yields the tokens t.
	from string
	// levels yields the levels l whose first tokens count; empty where levels don't matter.
	levels string
	// condition is what tells the part; empty for all tokens.
	condition string
}

const (
	allTokens = `access_tokens t`
	// allLevels are those of the organization, which is the empty group, and of each group.
	allLevels = `SELECT '' AS id UNION ALL SELECT id FROM groups`
)

// parts returns the parts that make up what the audience may show.
func (b *tokenListBuilder) parts(order tokenOrder) (parts []part) {
	a, group := b.Audience, b.Query.GroupID
	if q := b.Query; !order.indexed || q.TechnicalUserID+q.TechnicalUserEmail+q.MemberID+q.ID+q.IDPrefix != "" {
		return []part{{from: allTokens, condition: b.visible()}}
	}
	add := func(everywhere bool, groups []string, visibility tokens.Visibility, condition string) {
		levels := allLevels
		switch {
		case group != "" && (everywhere || slices.Contains(groups, group)):
			levels = `SELECT ` + b.arg(group) + ` AS id`
		case everywhere:
		case group != "" || len(groups) == 0:
			return
		default:
			levels = `SELECT id FROM groups WHERE id ` + b.in(groups)
		}
		condition = `t.group_id = l.id AND t.visibility = '` + string(visibility) + `'` + condition
		parts = append(parts, part{allTokens, levels, condition})
	}
	add(a.All || a.Everywhere, a.Groups, tokens.VisibilityOrganization, "")
	add(a.All, a.RestrictedGroups, tokens.VisibilityRestricted, "")
	switch {
	case b.personal == 0:
	case b.personal < manyPersonalTokens:
		member := b.arg(a.AccountID)
		parts = append(parts, part{from: `(SELECT access_token_id AS id FROM token_shares WHERE member_id = ` + member +
			` UNION SELECT id FROM access_tokens WHERE creator_id = ` + member +
			` AND visibility = 'restricted') mine CROSS JOIN access_tokens t`, condition: `t.id = mine.id`})
	default:
		for _, visibility := range []tokens.Visibility{tokens.VisibilityOrganization, tokens.VisibilityRestricted} {
			add(true, nil, visibility, ` AND `+b.personalCondition())
		}
	}
	return parts
}

// visible is the condition that the audience may show a token; empty for all tokens.
func (b *tokenListBuilder) visible() string {
	a := b.Audience
	if a.All {
		return ""
	}
	var ways []string
	if a.Everywhere {
		ways = append(ways, `t.visibility = 'organization'`)
	} else if len(a.Groups) > 0 {
		ways = append(ways, `t.visibility = 'organization' AND t.group_id `+b.in(a.Groups))
	}
	if len(a.RestrictedGroups) > 0 {
		ways = append(ways, `t.group_id `+b.in(a.RestrictedGroups))
	}
	ofUsers := ofTechnicalUsers + ` AND (` + strings.Join(append(ways, b.personalCondition()), ` OR `) + `)`
	if a.Personal {
		return `(t.member_id IS NOT NULL OR ` + ofUsers + `)`
	}
	return `(t.member_id = ` + b.arg(a.AccountID) + ` OR ` + ofUsers + `)`
}

// ofTechnicalUsers is the condition that a token is no personal one.
const ofTechnicalUsers = `t.member_id IS NULL`

// personalCondition is the condition that a token is shared with the member of the audience, or a restricted one that
// it made.
func (b *tokenListBuilder) personalCondition() string {
	member := b.arg(b.Audience.AccountID)
	return `(EXISTS (SELECT 1 FROM token_shares mine WHERE mine.access_token_id = t.id AND mine.member_id = ` + member + `)
		OR t.creator_id = ` + member + ` AND t.visibility = 'restricted')`
}

// side tells the tokens of a list that have a value in a column from those that have none.
type side struct {
	// condition is what tells them; empty where all tokens have a value.
	condition string
	// isNull means that they have none.
	isNull bool
	// begun means that the list begins among them.
	begun bool
}

// sides returns the sides of a list, in its order, from where it begins.
func (b *tokenListBuilder) sides(order tokenOrder) []side {
	if !order.nullable {
		return []side{{begun: b.After != nil}}
	}
	column := order.keys[0]
	without, with := side{condition: column + ` IS NULL`, isNull: true}, side{condition: column + ` IS NOT NULL`}
	sides := []side{with, without}
	if order.nullsFirst != b.Query.Descending {
		sides = []side{without, with}
	}
	if b.After == nil {
		return sides
	}
	if isNull := order.values(b.After)[0] == nil; isNull != sides[0].isNull {
		sides = sides[1:]
	}
	sides[0].begun = true
	return sides
}

// arm selects the first tokens on one side of a part, of each of its levels, with what orders them.
func (b *tokenListBuilder) arm(order tokenOrder, p part, number int, s side) string {
	columns := `t.id, ` + strconv.Itoa(number) + ` AS side`
	for i, key := range order.keys {
		columns += fmt.Sprintf(", %s AS key%d", key, i)
	}
	columns += `, t.created_at`
	from := ` FROM ` + p.from + `
		` + accounts + `
		JOIN secrets s ON s.access_token_id = t.id AND s.version = t.secret_version
		` + where(append(b.filters(), p.condition, s.condition, b.after(order, s))...) + ` ORDER BY `
	if !s.isNull {
		for _, key := range order.keys {
			from += key + b.direction() + `, `
		}
	}
	if len(order.keys) == 0 {
		from += `t.created_at` + b.direction() + `, t.id`
	} else {
		from += `t.created_at, t.id`
	}
	from += ` LIMIT ` + b.arg(b.Limit)
	if p.levels == "" {
		return `SELECT ` + columns + from
	}
	levels := ` FROM (` + p.levels + `) l CROSS JOIN `
	if b.lateral {
		return `SELECT found.*` + levels + `LATERAL (SELECT ` + columns + from + `) found`
	}
	return `SELECT ` + columns + levels + allTokens + ` WHERE t.id IN (SELECT t.id` + from + `)`
}

// after is the condition that a token comes after the one behind which the list begins.
func (b *tokenListBuilder) after(order tokenOrder, s side) string {
	if !s.begun {
		return ""
	}
	columns, values, directed := order.keys, order.values(b.After), len(order.keys)
	if s.isNull {
		columns, values, directed = nil, nil, 0
	}
	columns = append(columns[:len(columns):len(columns)], `t.created_at`, `t.id`)
	values = append(values[:len(values):len(values)], microseconds(b.After.CreatedAt), b.After.ID)
	if len(order.keys) == 0 {
		directed = 1
	}
	if !b.Query.Descending {
		directed = 0
	}
	places := make([]string, len(values))
	for i, value := range values {
		places[i] = b.arg(value)
	}
	if directed == 0 {
		return `(` + strings.Join(columns, `, `) + `) > (` + strings.Join(places, `, `) + `)`
	}
	// Some columns descend, the others ascend. The first condition is what an index can begin with.
	rest := `(` + strings.Join(columns[directed:], `, `) + `) > (` + strings.Join(places[directed:], `, `) + `)`
	head, at := `(`+strings.Join(columns[:directed], `, `)+`)`, `(`+strings.Join(places[:directed], `, `)+`)`
	return head + ` <= ` + at + ` AND (` + head + ` < ` + at + ` OR ` + rest + `)`
}

// longestNeedle is the length in bytes of the longest text that is looked for in the database. No name, description or
// address is as long.
const longestNeedle = 10_000

// filters are the conditions of the query's filters.
func (b *tokenListBuilder) filters() (all []string) {
	q, now := b.Query, b.Now
	if q.ID != "" {
		all = append(all, `t.id = `+b.arg(q.ID))
	}
	all = append(all, b.names()...)
	switch {
	case q.MemberID != "":
		all = append(all, `t.member_id = `+b.arg(q.MemberID))
	case q.ID == "" && b.IDs == nil:
		all = append(all, ofTechnicalUsers)
	}
	if q.ID == "" && b.IDs == nil && !q.Ephemeral {
		all = append(all, `NOT t.ephemeral`)
	}
	if q.TechnicalUserID != "" {
		all = append(all, `t.technical_user_id = `+b.arg(q.TechnicalUserID))
	}
	if q.GroupID != "" {
		all = append(all, `t.group_id = `+b.arg(q.GroupID))
	}
	if q.CreatorID != "" {
		all = append(all, `t.creator_id = `+b.arg(q.CreatorID))
	}
	if q.ExpiresWithin > 0 {
		all = append(all, `t.secret_ends_at > `+b.arg(now.UnixMicro()),
			`t.secret_ends_at <= `+b.arg(now.Add(q.ExpiresWithin).UnixMicro()))
	}
	if q.UnusedFor > 0 {
		all = append(all, `coalesce(t.last_used_at, t.created_at) <= `+b.arg(now.Add(-q.UnusedFor).UnixMicro()))
	}
	all = append(all, b.status()...)
	if needle := tokens.Folded(q.Search); len(needle) > longestNeedle {
		all = append(all, `1 = 0`)
	} else if needle != "" && !strings.Contains(needle, "\x00") { // a text ends there for some databases
		pattern := b.arg(`%` + strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(needle) + `%`)
		var ways []string
		for _, column := range []string{"t.name_key", "t.description_key", "u.name_key", "u.email_key"} {
			ways = append(ways, column+` LIKE `+pattern+` ESCAPE '\'`)
		}
		if q.MemberID+q.ID != "" {
			ways = append(ways, `t.member_id IS NOT NULL`) // the name and the address of one member are for the rule to search
		}
		all = append(all, `(`+strings.Join(ways, ` OR `)+`)`)
	}
	return all
}

// lastRune ends the range of the texts that begin alike. No text holds it.
const lastRune = string(unicode.MaxRune)

// names are conditions without which a token is not called what the query asks for.
func (b *tokenListBuilder) names() (all []string) {
	between := func(column, prefix string) {
		all = append(all, column+` >= `+b.arg(prefix), column+` < `+b.arg(prefix+lastRune))
	}
	q := b.Query
	if q.IDPrefix != "" {
		between(`t.id`, q.IDPrefix)
	}
	if q.Name != "" {
		all = append(all, `t.name_key = `+b.arg(tokens.Folded(q.Name)))
	}
	if q.NamePrefix != "" {
		between(`t.name_key`, tokens.Folded(q.NamePrefix))
	}
	if q.TechnicalUserEmail != "" {
		all = append(all, `t.technical_user_id = (SELECT id FROM technical_users WHERE email = `+
			b.arg(strings.ToLower(q.TechnicalUserEmail))+`)`)
	}
	return all
}

// status are conditions without which a token does not have the status that is asked for.
func (b *tokenListBuilder) status() []string {
	now := func() string { return b.arg(b.Now.UnixMicro()) }
	switch b.Query.Status {
	case tokens.StatusHeld:
		return []string{`t.held_by IS NOT NULL`}
	case tokens.StatusDisabled:
		return []string{`(NOT t.enabled OR NOT coalesce(u.enabled, TRUE))`}
	case tokens.StatusRevoked:
		return []string{`s.ended_at IS NOT NULL`}
	case tokens.StatusExpired:
		return []string{`t.secret_ends_at <= ` + now()}
	case tokens.StatusPending:
		return []string{`t.activates_at > ` + now()}
	case tokens.StatusActive:
		return []string{`t.held_by IS NULL`, `t.enabled`, `coalesce(u.enabled, TRUE)`, `s.ended_at IS NULL`,
			`(t.secret_ends_at IS NULL OR t.secret_ends_at > ` + now() + `)`,
			`(t.activates_at IS NULL OR t.activates_at <= ` + now() + `)`}
	}
	return nil
}

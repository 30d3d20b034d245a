package store

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// accessTokenColumns are the columns that tokenRow reads: of the token t, its account, which is a technical user u or a
// member m, its current secret s, the one before that, p, unless that was ended before its grace was over, one of the
// roles in groups of the token and its account, r, and the permissions of the custom roles among their roles.
const accessTokenColumns = `t.id, t.name, t.description, coalesce(token_role.name, t.role) AS role,
	t.group_roles_set, t.visibility, t.creator_id, t.ephemeral,
	t.enabled, t.disabled_by, t.disabled_at, t.held_by, t.held_at, t.held_reason, t.activates_at, t.expires_at,
		t.ttl_seconds,
	t.regenerate_before_seconds, t.on_expired, t.on_secret_drift, t.grace_period, t.protect_seconds,
	t.created_at, t.updated_at, t.regenerated_at, t.last_used_at, t.use_count,
	s.version, s.preview, s.created_at, s.ended_at, s.last_used_at,
	coalesce(p.preview, ''), p.created_at, p.grace_ends_at, p.last_used_at, coalesce(t.member_id, ''), ` + accountColumns + `,
	coalesce(user_role.name, u.role, m.role) AS role, token_role.permissions, user_role.permissions, r.holder_id, ` + groupRoleColumns

// accountColumns are the columns that technicalUserTargets reads, of the account of a token.
const accountColumns = `coalesce(u.id, m.id) AS id, coalesce(u.name, m.name) AS name, coalesce(u.description, '') AS description,
	coalesce(u.email, m.email) AS email, coalesce(u.group_id, ''), coalesce(u.group_roles_set, m.group_roles_set) AS group_roles_set,
	coalesce(u.enabled, TRUE) AS enabled, u.disabled_by, u.disabled_at, coalesce(u.system_created, FALSE) AS system_created,
	coalesce(u.created_at, m.created_at) AS created_at, coalesce(u.updated_at, m.updated_at) AS updated_at`

// accounts joins the technical user u of a token t or, if it has none, its member m.
const accounts = `
	LEFT JOIN technical_users u ON u.id = t.technical_user_id
	LEFT JOIN members m ON m.id = t.member_id AND t.technical_user_id IS NULL
`

// accessTokenTables yield a row for each token and each role in a group that it or its account has, or one. A token
// without an account or a current secret has a row, too, which can't be read: it must not pass for one that is gone.
const accessTokenTables = `access_tokens t` + accounts + `
	LEFT JOIN secrets s ON s.access_token_id = t.id AND s.version = t.secret_version
	LEFT JOIN secrets p ON p.access_token_id = t.id AND p.version = t.secret_version - 1
		AND (p.ended_at IS NULL AND p.grace_ends_at IS NOT NULL OR p.ended_at >= p.grace_ends_at)
	LEFT JOIN group_roles r ON r.holder_id IN (t.id, u.id, m.id)
	LEFT JOIN roles token_role ON token_role.id = t.role_id
	LEFT JOIN roles user_role ON user_role.id = coalesce(u.role_id, m.role_id)
	LEFT JOIN roles group_role ON group_role.id = r.role_id `

const selectAccessTokens = `SELECT ` + accessTokenColumns + ` FROM ` + accessTokenTables

// expiryPolicies and driftPolicies are what columns of policies may hold. Unset ones are empty.
var (
	expiryPolicies = append(tokens.ExpiryPolicies(), "")
	driftPolicies  = append(tokens.DriftPolicies(), "")
)

// tokenRow is a row of accessTokenColumns.
type tokenRow struct {
	tokenFields
	// targets are where to scan the columns to.
	targets []any
}

// tokenFields are what a row of accessTokenColumns holds.
type tokenFields struct {
	token tokens.AccessToken
	// hasGroupRoles and userHasGroupRoles tell an empty set of roles in groups from none.
	hasGroupRoles, userHasGroupRoles bool
	disabled, held, userDisabled     stop
	previous                         tokens.PreviousSecret
	// memberID is the member of a personal token; empty for a token of a technical user.
	memberID string
	// holder has the role in a group.
	holder sql.NullString
	groupRole
	// ofToken and ofUser are the permissions of the role at organization level of the token and of its technical user,
	// where these are custom roles.
	ofToken, ofUser sql.NullString
}

// newTokenRow returns a row to read all rows of a query with, one after the other. The columns that the query selects
// before those of access tokens go to more.
func newTokenRow(more ...any) *tokenRow {
	r := &tokenRow{}
	r.targets = slices.Concat(more, r.fieldTargets())
	return r
}

// scan reads the next row.
func (r *tokenRow) scan(row scanner) error {
	r.tokenFields = tokenFields{}
	err := row.Scan(r.targets...)
	t := &r.token
	if err := checkedRow(tokens.KindAccessToken, t.ID, err,
		checkID("id", tokens.KindAccessToken, t.ID),
		checkOneOf("visibility", t.Visibility, tokens.VisibilityOrganization, tokens.VisibilityRestricted),
		checkOneOf("on_expired", t.OnExpired, expiryPolicies...),
		checkOneOf("on_secret_drift", t.OnSecretDrift, driftPolicies...),
		r.disabled.check("disabled"), r.held.check("held"), r.check(),
		r.checkAccount(), r.checkEphemeral()); err != nil {
		return err
	}
	if !r.previous.EndsAt.IsZero() {
		previous := r.previous
		previous.Version = t.Secret.Version - 1
		t.Previous = &previous
	}
	t.Own.GroupRoles, t.User.GroupRoles = emptyGroupRoles(r.hasGroupRoles), emptyGroupRoles(r.userHasGroupRoles)
	t.Disabled, t.Held, t.User.Disabled = r.disabled.value(), r.held.value(), r.userDisabled.value()
	return nil
}

// checkAccount checks the account of the token. One that has a member beside a technical user belongs to nobody.
func (r *tokenRow) checkAccount() error {
	switch u := &r.token.User; {
	case r.memberID == "":
		return checkTechnicalUser(u, r.userDisabled)
	case r.memberID != u.ID:
		return &columnError{"member_id", "it does not fit column technical_user_id"}
	default:
		return checkedRow(tokens.KindMember, u.ID, checkID("id", tokens.KindMember, u.ID))
	}
}

// checkEphemeral checks that a token for one run belongs to a technical user and ends in time.
func (r *tokenRow) checkEphemeral() error {
	t := &r.token
	if t.Ephemeral && (r.memberID != "" || t.TTL != 0 || t.ExpiresAt.IsZero() ||
		t.ExpiresAt.After(t.CreatedAt.Add(tokens.MaxEphemeralLife))) {
		return &columnError{"ephemeral", "it does not fit the columns member_id, ttl_seconds and expires_at"}
	}
	return nil
}

// fieldTargets returns where to scan the columns to.
func (r *tokenRow) fieldTargets() []any {
	t := &r.token
	return slices.Concat([]any{
		textTo(&t.ID), textTo(&t.Name), textTo(&t.Description), textTo(&t.Own.Role), boolean{&r.hasGroupRoles},
		textTo(&t.Visibility), textTo(&t.CreatorID), boolean{&t.Ephemeral},
		boolean{&t.Enabled}, nullText{&r.disabled.by}, instant{&r.disabled.at},
		nullText{&r.held.by}, instant{&r.held.at}, nullText{&r.held.reason},
		instant{&t.ActivatesAt}, instant{&t.ExpiresAt}, seconds{&t.TTL}, seconds{&t.RegenerateBeforeExpiry},
		textTo(&t.OnExpired), textTo(&t.OnSecretDrift), grace{&t.Grace}, seconds{&t.ProtectIfUsedWithin},
		someInstant{&t.CreatedAt}, someInstant{&t.UpdatedAt}, instant{&t.RegeneratedAt}, instant{&t.LastUsedAt},
		count{&t.UseCount},
		version{&t.Secret.Version}, textTo(&t.Secret.Preview), someInstant{&t.Secret.CreatedAt},
		instant{&t.Secret.EndedAt}, instant{&t.Secret.LastUsedAt},
		textTo(&r.previous.Preview), instant{&r.previous.CreatedAt}, instant{&r.previous.EndsAt},
		instant{&r.previous.LastUsedAt}, textTo(&r.memberID),
	}, technicalUserTargets(&t.User, &r.userHasGroupRoles, &r.userDisabled),
		[]any{textTo(&t.User.Role), nullText{&r.ofToken}, nullText{&r.ofUser}, nullText{&r.holder}}, r.groupRole.targets())
}

// tokenRows puts rows of access tokens together.
type tokenRows struct {
	all []tokens.AccessToken
	// at holds where in all a token is, by its ID.
	at map[string]int
	// roles are the custom roles that the tokens and their accounts have, with their names and permissions alone.
	roles roleSet
}

// add adds a row, and returns the index of its token.
func (c *tokenRows) add(r *tokenRow) int {
	c.roles.bind(&r.token.Own.Role, r.ofToken)
	c.roles.bind(&r.token.User.Role, r.ofUser)
	i, known := c.at[r.token.ID]
	if !known {
		if c.at == nil {
			c.at = map[string]int{}
		}
		i = len(c.all)
		c.at[r.token.ID], c.all = i, append(c.all, r.token)
	}
	t := &c.all[i]
	if r.holder.String == t.ID {
		r.addTo(&t.Own.GroupRoles, &c.roles)
	} else {
		r.addTo(&t.User.GroupRoles, &c.roles)
	}
	return i
}

// finish returns the tokens in the order in which they came first, and the custom roles.
func (c *tokenRows) finish() ([]tokens.AccessToken, []tokens.Role) {
	for i := range c.all {
		tokens.SortGroupRoles(c.all[i].Own.GroupRoles)
		tokens.SortGroupRoles(c.all[i].User.GroupRoles)
	}
	return c.all, c.roles.all()
}

// accessTokens returns the tokens that a query yields, and the custom roles that they and their accounts have.
func (v View) accessTokens(
	ctx context.Context, query string, args ...any,
) ([]tokens.AccessToken, []tokens.Role, error) {
	row := newTokenRow()
	var rows tokenRows
	err := each(ctx, v.q, func(from scanner) error {
		if err := row.scan(from); err != nil {
			return err
		}
		rows.add(row)
		return nil
	}, query, args...)
	if err != nil {
		return nil, nil, err
	}
	all, roles := rows.finish()
	return all, roles, nil
}

// AccessTokenWithRoles returns an access token and, as of the same moment, the custom roles that it and its account have,
// with their names and permissions alone; or CodeNotFound.
func (v View) AccessTokenWithRoles(
	ctx context.Context, id string,
) (t tokens.AccessToken, roles []tokens.Role, err error) {
	all, roles, err := v.accessTokens(ctx, selectAccessTokens+`WHERE t.id = $1`, id)
	t, err = existing(ctx, v.q, all, err, tokens.KindAccessToken, id)
	return t, roles, err
}

// AccessTokensOf returns the access tokens of a technical user by name, and the custom roles that they have.
func (v View) AccessTokensOf(ctx context.Context, technicalUserID string) ([]tokens.AccessToken, []tokens.Role, error) {
	return v.accessTokens(ctx, selectAccessTokens+`WHERE t.technical_user_id = $1 ORDER BY t.name, t.id`, technicalUserID)
}

// selectLeftOver selects the ephemeral tokens of a technical user that have expired. An index has these.
const selectLeftOver = selectAccessTokens + `WHERE t.technical_user_id = $1 AND t.ephemeral AND t.secret_ends_at <= $2
	ORDER BY t.id`

// LeftOverTokensOf returns the ephemeral tokens of a technical user that have expired by now.
func (v View) LeftOverTokensOf(ctx context.Context, technicalUserID string, now time.Time) ([]tokens.AccessToken, error) {
	all, _, err := v.accessTokens(ctx, selectLeftOver, technicalUserID, now.UnixMicro())
	return all, err
}

// PersonalTokensOf returns the personal tokens of a member by name.
func (v View) PersonalTokensOf(ctx context.Context, memberID string) ([]tokens.AccessToken, error) {
	all, _, err := v.accessTokens(ctx, selectAccessTokens+`WHERE t.member_id = $1 ORDER BY t.name, t.id`, memberID)
	return all, err
}

// selectPowerful selects the tokens of accounts with the role of owners or a custom role with a wildcard.
const (
	selectPowerful = selectAccessTokens + `WHERE t.technical_user_id IN (SELECT id FROM technical_users` + powerful + `)
		OR t.member_id IN (SELECT id FROM members` + powerful + `) ORDER BY t.id`
	powerful = ` WHERE role = '` + tokens.RoleOwner + `'
		OR role_id IN (SELECT id FROM roles WHERE permissions LIKE '%*%')`
)

// PowerfulAccessTokens returns the tokens among which are all that hold every permission at organization level, and the
// custom roles that they have. Which of them do is for a rule to say.
func (v View) PowerfulAccessTokens(ctx context.Context) ([]tokens.AccessToken, []tokens.Role, error) {
	return v.accessTokens(ctx, selectPowerful)
}

// The queries of UnusedNamesakes follow an index from the latest token back, only as far as they must.
const (
	selectUnusedOfUser = `SELECT t.id FROM access_tokens t
		WHERE t.technical_user_id = $1 AND t.name = $2 AND ` + unused + ` ORDER BY t.id DESC LIMIT $4`
	selectUnusedAtLevel = `SELECT t.id FROM access_tokens t JOIN technical_users u ON u.id = t.technical_user_id
		WHERE u.system_created AND t.group_id = $1 AND t.name = $2 AND t.name_key = $5 AND t.visibility = $6
		AND ` + unused + ` ORDER BY t.created_at DESC, t.id DESC LIMIT $4`
	unused = `t.last_used_at IS NULL AND t.secret_version = 1 AND NOT t.ephemeral AND t.id <> $3`
)

// UnusedNamesakes returns the identifiers of the latest access tokens, at most limit, that bear the name of the token,
// were never used or regenerated, and belong to the same technical user or, where the system created that, to others that
// it created at the same level.
func (v View) UnusedNamesakes(ctx context.Context, of tokens.AccessToken, limit int) (ids []string, err error) {
	if !of.User.SystemCreated {
		return list(ctx, v.q, scanText, selectUnusedOfUser, of.User.ID, of.Name, of.ID, limit)
	}
	for _, visibility := range []tokens.Visibility{tokens.VisibilityOrganization, tokens.VisibilityRestricted} {
		some, err := list(ctx, v.q, scanText, selectUnusedAtLevel,
			of.User.GroupID, of.Name, of.ID, limit, tokens.Folded(of.Name), string(visibility))
		if err != nil {
			return nil, err
		}
		ids = append(ids, some...)
	}
	slices.SortFunc(ids, func(a, b string) int { return cmp.Compare(b, a) })
	return ids[:min(len(ids), limit)], nil
}

// InsertAccessToken writes a new access token, without its secret.
func (t Tx) InsertAccessToken(ctx context.Context, a tokens.AccessToken) error {
	t.making(a.ID)
	disabledBy, disabledAt, _ := stopColumns(a.Disabled)
	err := t.execOn(ctx, a.ID, `INSERT INTO access_tokens (id, name, description, technical_user_id, role, group_roles_set,
		enabled, disabled_by, disabled_at,
		activates_at, expires_at, ttl_seconds, secret_version, created_at, updated_at, visibility, creator_id,
		regenerate_before_seconds, on_expired, on_secret_drift, grace_period, protect_seconds,
		group_id, name_key, description_key, secret_ends_at, role_id, member_id, ephemeral)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23,
		$24, $25, $26, (SELECT id FROM roles WHERE name = $27), $28, $29)`,
		a.ID, a.Name, a.Description, orNull(technicalUserOf(a)), a.Own.Role, a.Own.GroupRoles != nil, a.Enabled, disabledBy, disabledAt,
		microseconds(a.ActivatesAt), microseconds(a.ExpiresAt), inSeconds(a.TTL), a.Secret.Version, microseconds(a.CreatedAt),
		microseconds(a.UpdatedAt),
		string(a.Visibility), a.CreatorID,
		inSeconds(a.RegenerateBeforeExpiry), string(a.OnExpired), string(a.OnSecretDrift), graceColumn(a.Grace),
		inSeconds(a.ProtectIfUsedWithin),
		a.User.GroupID, tokens.Folded(a.Name), tokens.Folded(a.Description), microseconds(a.SecretExpiresAt()),
		customRole(a.Own.Role), orNull(a.MemberID()), a.Ephemeral)
	if err != nil {
		return err
	}
	return t.insertGroupRoles(ctx, a.ID, a.Own.GroupRoles)
}

// technicalUserOf returns the identifier of the technical user of a token; empty for a personal token.
func technicalUserOf(a tokens.AccessToken) string {
	if a.IsPersonal() {
		return ""
	}
	return a.User.ID
}

// UpdateAccessToken writes what changed of an access token, apart from its secret and its last use.
func (t Tx) UpdateAccessToken(ctx context.Context, before, a tokens.AccessToken) error {
	disabledBy, disabledAt, _ := stopColumns(a.Disabled)
	heldBy, heldAt, heldReason := stopColumns(a.Held)
	err := t.execOn(ctx, a.ID, `UPDATE access_tokens SET name = $2, description = $3, role = $4, group_roles_set = $5,
		enabled = $6, disabled_by = $7, disabled_at = $8,
		held_by = $9, held_at = $10, held_reason = $11, activates_at = $12, expires_at = $13, ttl_seconds = $14,
		secret_version = $15,
		updated_at = $16, regenerated_at = $17, visibility = $18,
		regenerate_before_seconds = $19, on_expired = $20, on_secret_drift = $21, grace_period = $22, protect_seconds = $23,
		name_key = $24, description_key = $25, secret_ends_at = $26,
		role_id = (SELECT id FROM roles WHERE name = $27) WHERE id = $1`,
		a.ID, a.Name, a.Description, a.Own.Role, a.Own.GroupRoles != nil, a.Enabled, disabledBy, disabledAt,
		heldBy, heldAt, heldReason, microseconds(a.ActivatesAt), microseconds(a.ExpiresAt), inSeconds(a.TTL),
		a.Secret.Version,
		microseconds(a.UpdatedAt), microseconds(a.RegeneratedAt), string(a.Visibility),
		inSeconds(a.RegenerateBeforeExpiry), string(a.OnExpired), string(a.OnSecretDrift), graceColumn(a.Grace),
		inSeconds(a.ProtectIfUsedWithin),
		tokens.Folded(a.Name), tokens.Folded(a.Description), microseconds(a.SecretExpiresAt()), customRole(a.Own.Role))
	if err != nil {
		return err
	}
	return t.replaceGroupRoles(ctx, a.ID, before.Own.GroupRoles, a.Own.GroupRoles)
}

// DeleteAccessToken deletes an access token that has no shares. The hashes of its secrets stay.
func (t Tx) DeleteAccessToken(ctx context.Context, id string) error {
	if err := t.deleteGroupRoles(ctx, id); err != nil {
		return err
	}
	return t.execOn(ctx, id, `DELETE FROM access_tokens WHERE id = $1`, id)
}

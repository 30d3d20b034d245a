package store

import (
	"context"
	"slices"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// accessTokenColumns are the columns that scanAccessToken reads: of the token t, its technical user u, its current secret s
// and the one before that, p, unless that was ended before its grace was over.
var accessTokenColumns = `t.id, t.name, t.description, t.role, ` + groupRolesOf("t") + `, t.visibility, t.creator_id,
	t.enabled, t.disabled_by, t.disabled_at, t.held_by, t.held_at, t.held_reason, t.activates_at, t.expires_at, t.ttl_seconds,
	t.regenerate_before_seconds, t.on_expired, t.on_secret_drift, t.grace_period, t.protect_seconds,
	t.created_at, t.updated_at, t.regenerated_at, t.last_used_at, t.use_count,
	s.version, s.preview, s.created_at, s.ended_at, s.last_used_at,
	coalesce(p.preview, ''), p.created_at, p.grace_ends_at, p.last_used_at, ` + technicalUserColumns

const accessTokenTables = ` FROM access_tokens t
	JOIN technical_users u ON u.id = t.technical_user_id
	JOIN secrets s ON s.access_token_id = t.id AND s.version = t.secret_version
	LEFT JOIN secrets p ON p.access_token_id = t.id AND p.version = t.secret_version - 1
		AND (p.ended_at IS NULL AND p.grace_ends_at IS NOT NULL OR p.ended_at >= p.grace_ends_at) `

var selectAccessTokens = `SELECT ` + accessTokenColumns + accessTokenTables

// scanAccessToken reads the columns of an access token, and those selected before them into more.
func scanAccessToken(row scanner, more ...any) (tokens.AccessToken, error) {
	var t tokens.AccessToken
	var disabled, held, userDisabled stop
	var previous tokens.PreviousSecret
	err := row.Scan(slices.Concat(more, []any{&t.ID, &t.Name, &t.Description, &t.Own.Role, groupRoles{&t.Own.GroupRoles}, &t.Visibility, &t.CreatorID,
		&t.Enabled, &disabled.by, instant{&disabled.at}, &held.by, instant{&held.at}, &held.reason, instant{&t.ActivatesAt}, instant{&t.ExpiresAt}, seconds{&t.TTL},
		seconds{&t.RegenerateBeforeExpiry}, &t.OnExpired, &t.OnSecretDrift, grace{&t.Grace}, seconds{&t.ProtectIfUsedWithin},
		instant{&t.CreatedAt}, instant{&t.UpdatedAt}, instant{&t.RegeneratedAt}, instant{&t.LastUsedAt}, &t.UseCount,
		&t.Secret.Version, &t.Secret.Preview, instant{&t.Secret.CreatedAt}, instant{&t.Secret.EndedAt}, instant{&t.Secret.LastUsedAt},
		&previous.Preview, instant{&previous.CreatedAt}, instant{&previous.EndsAt}, instant{&previous.LastUsedAt},
	}, technicalUserTargets(&t.User, &userDisabled))...)
	if !previous.EndsAt.IsZero() {
		previous.Version = t.Secret.Version - 1
		t.Previous = &previous
	}
	t.Disabled, t.Held, t.User.Disabled = disabled.value(), held.value(), userDisabled.value()
	return t, err
}

func scanWholeAccessToken(row scanner) (tokens.AccessToken, error) { return scanAccessToken(row) }

// AccessToken returns an access token, or CodeNotFound.
func (v View) AccessToken(ctx context.Context, id string) (tokens.AccessToken, error) {
	return get(ctx, v.q, tokens.KindAccessToken, id, scanWholeAccessToken, selectAccessTokens+`WHERE t.id = $1`, id)
}

// selectAccessTokenWithRoles selects a token with the custom roles that it and its technical user have.
var selectAccessTokenWithRoles = `SELECT ` + customRolesOf("t", "u") + `, ` + accessTokenColumns + accessTokenTables + `WHERE t.id = $1`

// AccessTokenWithRoles returns an access token and, as of the same moment, the custom roles that it and its technical
// user have, with their permissions alone; or CodeNotFound.
func (v View) AccessTokenWithRoles(ctx context.Context, id string) (t tokens.AccessToken, roles []tokens.Role, err error) {
	scan := func(row scanner) (tokens.AccessToken, error) { return scanAccessToken(row, customRoles{&roles}) }
	t, err = get(ctx, v.q, tokens.KindAccessToken, id, scan, selectAccessTokenWithRoles, id)
	return t, roles, err
}

// AllAccessTokens are all access tokens, in no order, and what is needed to understand them, as of the same moment.
type AllAccessTokens struct {
	AccessTokens []tokens.AccessToken
	// CustomRoles have their names and permissions alone.
	CustomRoles []tokens.Role
	// GroupNames are the names of all groups, by ID.
	GroupNames map[string]string
}

// selectAllAccessTokens selects all tokens and, in one of the rows alone, the custom roles and the names of groups.
var selectAllAccessTokens = `SELECT ` + inFirstRow(allCustomRoles) + `, ` + inFirstRow(`(SELECT string_agg(g.id || ' ' || g.name, ',') FROM groups g)`) + `, ` +
	accessTokenColumns + accessTokenTables

// inFirstRow makes a column NULL in all rows but that of the first token.
func inFirstRow(column string) string {
	return `CASE WHEN t.id = (SELECT min(id) FROM access_tokens) THEN ` + column + ` END`
}

// AccessTokens returns all access tokens, by a single statement.
func (v View) AccessTokens(ctx context.Context) (all AllAccessTokens, err error) {
	scan := func(row scanner) (tokens.AccessToken, error) {
		return scanAccessToken(row, customRoles{&all.CustomRoles}, names{&all.GroupNames})
	}
	all.AccessTokens, err = list(ctx, v.q, scan, selectAllAccessTokens)
	return all, err
}

// AccessTokensOf returns the access tokens of a technical user by name.
func (v View) AccessTokensOf(ctx context.Context, technicalUserID string) ([]tokens.AccessToken, error) {
	return list(ctx, v.q, scanWholeAccessToken, selectAccessTokens+`WHERE t.technical_user_id = $1 ORDER BY t.name, t.id`, technicalUserID)
}

// The queries of UnusedNamesakes read no more rows than they return, however many tokens share a name.
var (
	selectUnusedNamesakes = selectAccessTokens + `WHERE t.technical_user_id = $1 AND t.name = $2 AND t.last_used_at IS NULL AND t.secret_version = 1 AND t.id <> $3
		ORDER BY t.id DESC LIMIT $4`
	selectUnusedNamesakesBySystem = selectAccessTokens + `WHERE u.system_created AND coalesce(u.group_id, '') = $1 AND t.name = $2 AND t.last_used_at IS NULL AND t.secret_version = 1 AND t.id <> $3
		ORDER BY t.id DESC LIMIT $4`
)

// UnusedNamesakes returns the latest access tokens, at most limit, that bear the name of the token, were never used or
// regenerated, and belong to the same technical user or, where the system created that, to others that it created at the
// same level.
func (v View) UnusedNamesakes(ctx context.Context, of tokens.AccessToken, limit int) ([]tokens.AccessToken, error) {
	if of.User.SystemCreated {
		return list(ctx, v.q, scanWholeAccessToken, selectUnusedNamesakesBySystem, of.User.GroupID, of.Name, of.ID, limit)
	}
	return list(ctx, v.q, scanWholeAccessToken, selectUnusedNamesakes, of.User.ID, of.Name, of.ID, limit)
}

// InsertAccessToken writes a new access token, without its secret.
func (t Tx) InsertAccessToken(ctx context.Context, a tokens.AccessToken) error {
	disabledBy, disabledAt, _ := stopColumns(a.Disabled)
	err := t.exec(ctx, `INSERT INTO access_tokens (id, name, description, technical_user_id, role, group_roles_set, enabled, disabled_by, disabled_at,
		activates_at, expires_at, ttl_seconds, secret_version, created_at, updated_at, visibility, creator_id,
		regenerate_before_seconds, on_expired, on_secret_drift, grace_period, protect_seconds)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)`,
		a.ID, a.Name, a.Description, a.User.ID, a.Own.Role, a.Own.GroupRoles != nil, a.Enabled, disabledBy, disabledAt,
		microseconds(a.ActivatesAt), microseconds(a.ExpiresAt), inSeconds(a.TTL), a.Secret.Version, microseconds(a.CreatedAt), microseconds(a.UpdatedAt),
		string(a.Visibility), a.CreatorID,
		inSeconds(a.RegenerateBeforeExpiry), string(a.OnExpired), string(a.OnSecretDrift), graceColumn(a.Grace), inSeconds(a.ProtectIfUsedWithin))
	if err != nil {
		return err
	}
	return t.insertGroupRoles(ctx, a.ID, a.Own.GroupRoles)
}

// UpdateAccessToken writes what can change of an access token, apart from its secret and its last use.
func (t Tx) UpdateAccessToken(ctx context.Context, a tokens.AccessToken) error {
	disabledBy, disabledAt, _ := stopColumns(a.Disabled)
	heldBy, heldAt, heldReason := stopColumns(a.Held)
	err := t.exec(ctx, `UPDATE access_tokens SET name = $2, description = $3, role = $4, group_roles_set = $5, enabled = $6, disabled_by = $7, disabled_at = $8,
		held_by = $9, held_at = $10, held_reason = $11, activates_at = $12, expires_at = $13, ttl_seconds = $14, secret_version = $15,
		updated_at = $16, regenerated_at = $17, visibility = $18,
		regenerate_before_seconds = $19, on_expired = $20, on_secret_drift = $21, grace_period = $22, protect_seconds = $23 WHERE id = $1`,
		a.ID, a.Name, a.Description, a.Own.Role, a.Own.GroupRoles != nil, a.Enabled, disabledBy, disabledAt,
		heldBy, heldAt, heldReason, microseconds(a.ActivatesAt), microseconds(a.ExpiresAt), inSeconds(a.TTL), a.Secret.Version,
		microseconds(a.UpdatedAt), microseconds(a.RegeneratedAt), string(a.Visibility),
		inSeconds(a.RegenerateBeforeExpiry), string(a.OnExpired), string(a.OnSecretDrift), graceColumn(a.Grace), inSeconds(a.ProtectIfUsedWithin))
	if err != nil {
		return err
	}
	return t.replaceGroupRoles(ctx, a.ID, a.Own.GroupRoles)
}

// RecordUse counts uses of an access token by the secret of a version, and moves the last use of both forward to an
// instant. A token that is gone stays gone.
func (t Tx) RecordUse(ctx context.Context, id string, version, count int64, at time.Time) error {
	err := t.exec(ctx, `UPDATE access_tokens SET use_count = use_count + $2,
		last_used_at = CASE WHEN last_used_at > $3 THEN last_used_at ELSE $3 END WHERE id = $1`, id, count, microseconds(at))
	if err != nil {
		return err
	}
	return t.exec(ctx, `UPDATE secrets SET last_used_at = $3 WHERE access_token_id = $1 AND version = $2
		AND (last_used_at IS NULL OR last_used_at < $3)`, id, version, microseconds(at))
}

// DeleteAccessToken deletes an access token that has no shares. The hashes of its secrets stay.
func (t Tx) DeleteAccessToken(ctx context.Context, id string) error {
	if err := t.deleteGroupRoles(ctx, id); err != nil {
		return err
	}
	return t.exec(ctx, `DELETE FROM access_tokens WHERE id = $1`, id)
}

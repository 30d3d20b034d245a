package tokens

import (
	"slices"
	"time"
)

// TokenOperation is something to do with an access token that exists.
type TokenOperation string

// The operations on an access token. Their values complete "to … the access token".
const (
	OperationShow       TokenOperation = "show"
	OperationEdit       TokenOperation = "edit"
	OperationRevive     TokenOperation = "revive"
	OperationRegenerate TokenOperation = "regenerate"
	OperationRetire     TokenOperation = "retire the previous secret of"
	OperationSetVisible TokenOperation = "set the visibility of"
	OperationEnable     TokenOperation = "enable"
	OperationRelease    TokenOperation = "release"
	OperationDelete     TokenOperation = "delete"
	OperationShare      TokenOperation = "share"
	OperationDisable    TokenOperation = "disable"
	OperationHold       TokenOperation = "hold"
	// OperationConfigure changes a setting that no other operation names.
	OperationConfigure TokenOperation = "change the settings of"
)

// tokenRule says what an operation on an access token needs.
type tokenRule struct {
	// inGroup and inOrganization are the permissions needed at the token's level.
	inGroup, inOrganization string
	// share is the least role of a share that does instead.
	share string
	// alters tells that the caller must hold each reserved permission of the token, too.
	alters bool
	// stops tells that a token whose visibility is restricted is no obstacle.
	stops bool
}

// at returns the permission needed at a level: the group's or (empty) the organization's.
func (r tokenRule) at(groupID string) string {
	if groupID == "" {
		return r.inOrganization
	}
	return r.inGroup
}

var (
	manage = tokenRule{inGroup: PermissionManageTokens, inOrganization: PermissionManageTokens, share: ShareManager}
	alter  = tokenRule{
		inGroup: PermissionManageTokens, inOrganization: PermissionManageTokens, share: ShareManager, alters: true,
	}
	stopping = tokenRule{
		inGroup: PermissionManageTokens, inOrganization: PermissionManageTokens, share: ShareManager, stops: true,
	}
	tokenRules = map[TokenOperation]tokenRule{
		OperationShow: {
			inGroup: PermissionReadTokens, inOrganization: PermissionReadTokens, share: ShareViewer,
		},
		OperationEdit: {
			inGroup: PermissionWriteTokens, inOrganization: PermissionManageTokens, share: ShareEditor, alters: true,
		},
		OperationConfigure:  alter,
		OperationRevive:     alter,
		OperationRegenerate: alter,
		OperationRetire:     alter,
		OperationSetVisible: alter,
		OperationDelete:     alter,
		OperationEnable:     manage,
		OperationRelease:    manage,
		OperationShare:      manage,
		OperationDisable:    stopping,
		OperationHold:       stopping,
	}
)

// updateOperations returns the operations by which an update turns a token into another state of itself at an instant.
// One that changes nothing tells how the token is, as a look at it does; but who may stop a token, though not know of it,
// may ask for that again.
func updateOperations(before, after AccessToken, update AccessTokenUpdate, now time.Time) []TokenOperation {
	regenerates := update.Regeneration != nil
	var ops []TokenOperation
	add := func(op TokenOperation, needed bool) {
		if needed && !slices.Contains(ops, op) {
			ops = append(ops, op)
		}
	}
	add(OperationRegenerate, regenerates)
	for _, setting := range Difference(before.Settings, after.Settings) {
		op := operationFor(setting)
		if op == OperationEnable && !after.Enabled {
			op = OperationDisable
		}
		add(op, true)
	}
	add(OperationRevive, !regenerates && before.hasExpired(now) && !after.hasExpired(now))
	add(OperationDisable, !after.Enabled && update.Disables())
	// Whether the rest of an update that disables is what the token has already is for those alone who may know.
	disablesAlone := len(ops) == 1 && !after.Enabled && before.Enabled
	add(OperationShow, len(ops) == 0 || disablesAlone && !update.Disables())
	return ops
}

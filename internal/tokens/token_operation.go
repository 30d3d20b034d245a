package tokens

import (
	"slices"
	"time"
)

// TokenOperation is an operation on an existing access token.
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
	// OperationBring sets an own secret of the user.
	OperationBring   TokenOperation = "bring an own secret for"
	OperationDisable TokenOperation = "disable"
	OperationHold    TokenOperation = "hold"
	// OperationCurtail takes something from a live secret within the hour; see Curtailed.
	OperationCurtail TokenOperation = "stop"
	// OperationConfigure changes a setting that no other operation covers.
	OperationConfigure TokenOperation = "change the settings of"
)

// tokenRule says what an operation on an access token needs.
type tokenRule struct {
	// inGroup and inOrganization are the permissions needed at the token's level.
	inGroup, inOrganization string
	// share is the least powerful role of a share that suffices instead.
	share string
	// alters means that the caller must also hold each reserved permission of the token, unless a share suffices.
	alters bool
	// strict means that a share does not spare the caller that: the operation yields a secret, or nobody knows what it
	// does.
	strict bool
	// stops means that restricted visibility is no obstacle.
	stops bool
}

// at returns the permission needed at a level: a group's or (empty) the organization's.
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
	alterStrictly = tokenRule{
		inGroup: PermissionManageTokens, inOrganization: PermissionManageTokens, share: ShareManager, alters: true,
		strict: true,
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
		OperationConfigure:  alterStrictly,
		OperationRevive:     alter,
		OperationRegenerate: alterStrictly,
		OperationBring:      alterStrictly,
		OperationRetire:     alter,
		OperationSetVisible: alter,
		OperationDelete:     alter,
		OperationEnable:     manage,
		OperationRelease:    manage,
		OperationShare:      manage,
		OperationDisable:    stopping,
		OperationHold:       stopping,
		OperationCurtail:    stopping,
	}
)

// ruleOf returns what an operation needs. One that has no rule needs as much as any.
func ruleOf(op TokenOperation) tokenRule {
	if rule, ok := tokenRules[op]; ok {
		return rule
	}
	return alterStrictly
}

// updateOperations returns the operations that an update consists of when it turns before into after. An update that
// changes nothing reveals the token's state, so it counts as showing it. But someone who may stop a token without
// knowing of it may ask for that again.
func updateOperations(before, after AccessToken, update AccessTokenUpdate, now time.Time) []TokenOperation {
	regenerates := update.Regeneration != nil
	var ops []TokenOperation
	add := func(op TokenOperation, needed bool) {
		if needed && !slices.Contains(ops, op) {
			ops = append(ops, op)
		}
	}
	add(OperationRegenerate, regenerates)
	add(OperationBring, regenerates && update.Regeneration.Secret.IsOwn())
	for _, setting := range Difference(before.Settings, after.Settings) {
		op := operationFor(setting)
		if op == OperationEnable && !after.Enabled {
			op = OperationDisable
		}
		add(op, true)
	}
	add(OperationRevive, !regenerates && before.hasExpired(now) && !after.hasExpired(now))
	add(OperationDisable, !after.Enabled && update.Disables())
	// An update that disables and sets something else reveals whether the token already has the rest, so it needs
	// OperationShow.
	disablesAlone := len(ops) == 1 && !after.Enabled && before.Enabled
	add(OperationShow, len(ops) == 0 || disablesAlone && !update.Disables())
	return ops
}

package backendtest

import (
	"slices"
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Place opens a service, with a clock, on one database that may exist or not. Whatever is still open when the test ends
// is closed then.
type Place func(now func() time.Time) Service

// Service serves several principals at the same time.
type Service interface {
	// As returns the backend for a principal.
	As(principal tokens.Principal) tokens.Backend
	// Close releases the database. Closing a closed service does nothing.
	Close() error
}

// Run runs the suite, but for the tests with the names in without: what they need, the place can't offer. Each test calls
// newPlace for a place without a database.
func Run(t *testing.T, newPlace func(t *testing.T) Place, without ...string) {
	left := 0
	for _, test := range []struct {
		name string
		run  func(*world)
	}{
		{"Database", testDatabase},
		{"MissingDatabase", testMissingDatabase},
		{"Serial", testSerial},
		{"Witness", testWitness},
		{"Marks", testMarks},
		{"Whoami", testWhoami},
		{"Names", testNames},
		{"Candidates", testCandidates},
		{"UnstorableTexts", testUnstorableTexts},
		{"RolesOfPages", testRolesOfPages},
		{"Groups", testGroups},
		{"GroupDeletionDropsRoles", testGroupDeletionDropsRoles},
		{"Roles", testRoles},
		{"RolesInUse", testRolesInUse},
		{"NameOfARoleThatReturns", testNameOfARoleThatReturns},
		{"UnearnedGrace", testUnearnedGrace},
		{"NamesThatReturn", testNamesThatReturn},
		{"UnknownRole", testUnknownRole},
		{"Members", testMembers},
		{"LastOwner", testLastOwner},
		{"TechnicalUsers", testTechnicalUsers},
		{"TechnicalUserAddressIsKept", testTechnicalUserAddressIsKept},
		{"AccessTokens", testAccessTokens},
		{"AccessTokenSettings", testAccessTokenSettings},
		{"EverySettingIsKept", testEverySettingIsKept},
		{"SystemCreatedTechnicalUser", testSystemCreatedTechnicalUser},
		{"AccessTokenQueries", testAccessTokenQueries},
		{"AccessTokenOrders", testAccessTokenOrders},
		{"AccessTokenCursors", testAccessTokenCursors},
		{"Namesakes", testNamesakes},
		{"Verification", testVerification},
		{"Statuses", testStatuses},
		{"Stops", testStops},
		{"LastUse", testLastUse},
		{"DecisionsByLastUse", testDecisionsByLastUse},
		{"RefusedUses", testRefusedUses},
		{"Regeneration", testRegeneration},
		{"Revocation", testRevocation},
		{"RevocationByTheHolder", testRevocationByTheHolder},
		{"Grace", testGrace},
		{"GraceAndExpiry", testGraceAndExpiry},
		{"ShortenedGrace", testShortenedGrace},
		{"RetirePreviousSecret", testRetirePreviousSecret},
		{"GraceEvents", testGraceEvents},
		{"Uses", testUses},
		{"Policies", testPolicies},
		{"OwnSecrets", testOwnSecrets},
		{"SecretsAreNeverReused", testSecretsAreNeverReused},
		{"TentativeOperations", testTentativeOperations},
		{"RepeatedCreation", testRepeatedCreation},
		{"RepeatedCreations", testRepeatedCreations},
		{"RepeatedRegeneration", testRepeatedRegeneration},
		{"RequestOfAnotherActor", testRequestOfAnotherActor},
		{"RequestOfAnotherMember", testRequestOfAnotherMember},
		{"Acting", testActing},
		{"TokenHolders", testTokenHolders},
		{"DeadTokenHolders", testDeadTokenHolders},
		{"UseByAsking", testUseByAsking},
		{"PersonalTokens", testPersonalTokens},
		{"PersonalTokensAreReplaced", testPersonalTokensAreReplaced},
		{"PersonalTokenHolders", testPersonalTokenHolders},
		{"NarrowedPersonalTokens", testNarrowedPersonalTokens},
		{"PersonalTokensDoNotWiden", testPersonalTokensDoNotWiden},
		{"EphemeralTokens", testEphemeralTokens},
		{"EphemeralTokensAreNotEdited", testEphemeralTokensAreNotEdited},
		{"EphemeralTokensOfOthers", testEphemeralTokensOfOthers},
		{"LeftOverTokens", testLeftOverTokens},
		{"LeftOverTokensAtOnce", testLeftOverTokensAtOnce},
		{"RestrictedTokenHolder", testRestrictedTokenHolder},
		{"ActorsCannotBeForged", testActorsCannotBeForged},
		{"RepeatedShareOfAnother", testRepeatedShareOfAnother},
		{"RepeatAfterRightsWereLost", testRepeatAfterRightsWereLost},
		{"TextsAreNormalized", testTextsAreNormalized},
		{"SecretsInTexts", testSecretsInTexts},
		{"Limits", testLimits},
		{"Visibility", testVisibility},
		{"TokenShares", testTokenShares},
		{"TokenShareQueries", testTokenShareQueries},
		{"SharesAreGrantsOfTheirOwn", testSharesAreGrantsOfTheirOwn},
		{"Curtailment", testCurtailment},
		{"Events", testEvents},
		{"PrunedEvents", testPrunedEvents},
		{"EventDetails", testEventDetails},
		{"ClaimedRun", testClaimedRun},
		{"StoryOfAToken", testStoryOfAToken},
		{"HiddenMentions", testHiddenMentions},
		{"EventFilters", testEventFilters},
		{"History", testHistory},
		{"FollowedEvents", testFollowedEvents},
		{"PagesOfEvents", testPagesOfEvents},
		{"UpdatesThatChangeNothing", testUpdatesThatChangeNothing},
		{"Refusals", testRefusals},
		{"EveryRefusalLeavesOneEvent", testEveryRefusalLeavesOneEvent},
		{"FoldedRefusals", testFoldedRefusals},
		{"Purposes", testPurposes},
		{"TechnicalUserWithEmail", testTechnicalUserWithEmail},
		{"Concurrency/alone", testConcurrency(alone)},
		{"Concurrency/together", testConcurrency(together)},
		{"ConcurrentRegenerations/alone", testConcurrentRegenerations(alone)},
		{"ConcurrentRegenerations/together", testConcurrentRegenerations(together)},
		{"Model", testModel},
		{"PermissionModel", testPermissionModel},
		{"NoEscalation", testNoEscalation},
		{"SecretsOpenNoMore", testSecretsOpenNoMore},
	} {
		if slices.Contains(without, test.name) {
			left++
			continue
		}
		t.Run(test.name, func(t *testing.T) {
			test.run(newWorld(t, newPlace))
		})
	}
	if left != len(without) {
		t.Errorf("of %q, %d are tests: correct the names", without, left)
	}
}

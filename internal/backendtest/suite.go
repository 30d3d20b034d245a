package backendtest

import (
	"testing"
	"time"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Place is where one database may be. It opens a service on that database, with a clock; what is still open when the test
// ends is closed then.
type Place func(now func() time.Time) Service

// Service serves several principals at once.
type Service interface {
	// As returns the backend for a principal.
	As(principal tokens.Principal) tokens.Backend
	// Close lets go of the database. To close a closed service changes nothing.
	Close() error
}

// Run runs the suite. Each test asks newPlace for a place where there is no database yet.
func Run(t *testing.T, newPlace func(t *testing.T) Place) {
	for _, test := range []struct {
		name string
		run  func(*world)
	}{
		{"Database", testDatabase},
		{"MissingDatabase", testMissingDatabase},
		{"Groups", testGroups},
		{"GroupDeletionDropsRoles", testGroupDeletionDropsRoles},
		{"Roles", testRoles},
		{"RolesInUse", testRolesInUse},
		{"UnknownRole", testUnknownRole},
		{"Members", testMembers},
		{"LastOwner", testLastOwner},
		{"TechnicalUsers", testTechnicalUsers},
		{"TechnicalUserAddressIsKept", testTechnicalUserAddressIsKept},
		{"AccessTokens", testAccessTokens},
		{"AccessTokenSettings", testAccessTokenSettings},
		{"SystemCreatedTechnicalUser", testSystemCreatedTechnicalUser},
		{"AccessTokenQueries", testAccessTokenQueries},
		{"AccessTokenOrders", testAccessTokenOrders},
		{"Namesakes", testNamesakes},
		{"Verification", testVerification},
		{"Statuses", testStatuses},
		{"Stops", testStops},
		{"LastUse", testLastUse},
		{"Regeneration", testRegeneration},
		{"Revocation", testRevocation},
		{"Grace", testGrace},
		{"GraceAndExpiry", testGraceAndExpiry},
		{"ShortenedGrace", testShortenedGrace},
		{"RetirePreviousSecret", testRetirePreviousSecret},
		{"GraceEvents", testGraceEvents},
		{"Uses", testUses},
		{"Policies", testPolicies},
		{"SecretsAreNeverReused", testSecretsAreNeverReused},
		{"RepeatedCreation", testRepeatedCreation},
		{"RepeatedRegeneration", testRepeatedRegeneration},
		{"RequestOfAnotherActor", testRequestOfAnotherActor},
		{"RequestOfAnotherMember", testRequestOfAnotherMember},
		{"Acting", testActing},
		{"Visibility", testVisibility},
		{"TokenShares", testTokenShares},
		{"TokenShareQueries", testTokenShareQueries},
		{"Events", testEvents},
		{"PrunedEvents", testPrunedEvents},
		{"UpdatesThatChangeNothing", testUpdatesThatChangeNothing},
		{"Refusals", testRefusals},
		{"Concurrency/alone", testConcurrency(alone)},
		{"Concurrency/together", testConcurrency(together)},
		{"ConcurrentRegenerations/alone", testConcurrentRegenerations(alone)},
		{"ConcurrentRegenerations/together", testConcurrentRegenerations(together)},
		{"Model", testModel},
		{"PermissionModel", testPermissionModel},
		{"NoEscalation", testNoEscalation},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.run(newWorld(t, newPlace))
		})
	}
}

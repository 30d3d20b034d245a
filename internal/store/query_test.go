package store

import (
	"strings"
	"testing"
)

// What runs for every verification, creation and refresh finds its rows by index, without sorting, however many tokens
// there are.
func TestQueriesUseIndexes(t *testing.T) {
	s := openStore(t, newDatabase(t, 1))
	for name, query := range map[string]string{
		"SecretWithHash":                selectSecret,
		"AccessToken":                   selectAccessTokens + `WHERE t.id = $1`,
		"AccessTokenWithRoles":          selectAccessTokenWithRoles,
		"MemberWithRoles":               selectMemberWithRoles,
		"AccessTokensOf":                selectAccessTokens + `WHERE t.technical_user_id = $1 ORDER BY t.name`,
		"UnusedNamesakes":               selectUnusedNamesakes,
		"UnusedNamesakes by the system": selectUnusedNamesakesBySystem,
		"EndedGraces":                   selectEndedGraces,
		"TechnicalUsersIn":              selectTechnicalUsers + `WHERE u.group_id = $1`,
	} {
		err := s.Read(t.Context(), func(v View) error {
			plan, err := list(t.Context(), v.q, func(row scanner) (string, error) {
				var id, parent, unused int
				var detail string
				err := row.Scan(&id, &parent, &unused, &detail)
				return detail, err
			}, `EXPLAIN QUERY PLAN `+query, make([]any, strings.Count(query, "$"))...)
			for _, step := range plan {
				if strings.HasPrefix(step, "SCAN") || strings.Contains(step, "TEMP B-TREE") {
					t.Errorf("%s: %s", name, strings.Join(plan, "; "))
				}
			}
			return err
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

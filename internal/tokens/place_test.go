package tokens_test

import (
	"testing"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

func TestChoosePlace(t *testing.T) {
	const file, other = "tokens.db", "other.db"
	const server, another = "https://latchkey.example.com", "https://another.example.com"
	type names struct {
		database, endpoint string
		token              bool
	}
	for _, test := range []struct {
		name               string
		given, environment names
		want               tokens.Place
		conflict           tokens.PlaceConflict
	}{
		{name: "nothing", want: tokens.Place{Name: tokens.DefaultDatabase}},
		{name: "a database in the environment", environment: names{database: file}, want: tokens.Place{Name: file}},
		{name: "a server in the environment", environment: names{endpoint: server},
			want: tokens.Place{Name: server, IsServer: true}},
		{name: "both in the environment", environment: names{file, server, true}, conflict: tokens.ConflictInEnvironment},
		{name: "both in the environment, and a token given", given: names{token: true}, environment: names{file, server, false},
			conflict: tokens.ConflictInEnvironment},
		{name: "a database given", given: names{database: file}, environment: names{other, server, true},
			want: tokens.Place{Name: file, IsGiven: true}},
		{name: "a server given", given: names{endpoint: server}, environment: names{file, another, true},
			want: tokens.Place{Name: server, IsServer: true, IsGiven: true}},
		{name: "both given", given: names{file, server, true}, environment: names{file, server, true},
			conflict: tokens.ConflictGiven},
		{name: "a token in the environment alone", environment: names{token: true}, conflict: tokens.ConflictTokenAlone},
		{name: "a token in the environment, for a server", environment: names{endpoint: server, token: true},
			want: tokens.Place{Name: server, IsServer: true}},
		{name: "a token in the environment, and a database", environment: names{database: file, token: true},
			want: tokens.Place{Name: file}},
		{name: "a token in the environment, and a database given", given: names{database: file},
			environment: names{token: true}, want: tokens.Place{Name: file, IsGiven: true}},
		{name: "tokens for nothing", given: names{token: true}, environment: names{token: true},
			want: tokens.Place{Name: tokens.DefaultDatabase}},
	} {
		t.Run(test.name, func(t *testing.T) {
			environ := map[string]string{
				tokens.DatabaseVariable: test.environment.database, tokens.EndpointVariable: test.environment.endpoint,
			}
			if test.environment.token {
				environ[tokens.TokenVariable] = "a value"
			}
			given := tokens.PlaceNames{HasToken: test.given.token}
			if test.given.database != "" {
				given.Database = &test.given.database
			}
			if test.given.endpoint != "" {
				given.Endpoint = &test.given.endpoint
			}
			environment := tokens.PlaceNamesInEnvironment(func(variable string) string { return environ[variable] })
			got, conflict := tokens.ChoosePlace(given, environment)
			if got != test.want || conflict != test.conflict {
				t.Errorf("the place is %+v, with conflict %d; want %+v, with conflict %d", got, conflict, test.want, test.conflict)
			}
		})
	}
}

// An empty text that was given is a name, for its rule to refuse: it must not fall back to the environment.
func TestChoosePlaceKeepsAnEmptyName(t *testing.T) {
	empty, server := "", "https://latchkey.example.com"
	got, conflict := tokens.ChoosePlace(tokens.PlaceNames{Database: &empty}, tokens.PlaceNames{Endpoint: &server})
	if want := (tokens.Place{IsGiven: true}); got != want || conflict != 0 {
		t.Errorf("the place is %+v, with conflict %d; want %+v", got, conflict, want)
	}
}

package tokens

// PlaceNames is what names the place to work at: a database or, instead of one, a server. Nil stands for what is not named.
// An empty text is a name, if a bad one.
type PlaceNames struct {
	Database, Endpoint *string
	// HasToken means that there is an access token, by which a server is asked.
	HasToken bool
}

// PlaceNamesInEnvironment returns what the environment names. A variable that is empty names nothing.
func PlaceNamesInEnvironment(getenv func(variable string) string) PlaceNames {
	named := func(variable string) *string {
		if value := getenv(variable); value != "" {
			return &value
		}
		return nil
	}
	return PlaceNames{named(DatabaseVariable), named(EndpointVariable), getenv(TokenVariable) != ""}
}

// Place is the place to work at.
type Place struct {
	// Name is the address of a server, or the path of a database.
	Name     string
	IsServer bool
	// IsGiven means that the name was given, and is not that of the environment or the default.
	IsGiven bool
}

// PlaceConflict says why no place can be chosen; zero for one that can.
type PlaceConflict int

const (
	// ConflictGiven means that both a database and a server were given.
	ConflictGiven PlaceConflict = iota + 1
	// ConflictInEnvironment means that the environment names both, and neither was given.
	ConflictInEnvironment
	// ConflictTokenAlone means that the environment has an access token for a server, and nothing names a place. A
	// pipeline that lacks the other variable would make a database on a disk that is thrown away.
	ConflictTokenAlone
)

// ChoosePlace chooses the place to work at. What was given beats the environment as a whole: with a database given, nothing
// in the environment that leads to a server counts, and the other way round.
func ChoosePlace(given, environment PlaceNames) (Place, PlaceConflict) {
	isGiven := given.Database != nil || given.Endpoint != nil
	named := environment
	if isGiven {
		named = given
	}
	switch {
	case named.Database != nil && named.Endpoint != nil && isGiven:
		return Place{}, ConflictGiven
	case named.Database != nil && named.Endpoint != nil:
		return Place{}, ConflictInEnvironment
	case named.Endpoint != nil:
		return Place{Name: *named.Endpoint, IsServer: true, IsGiven: isGiven}, 0
	case named.Database != nil:
		return Place{Name: *named.Database, IsGiven: isGiven}, 0
	case environment.HasToken && !given.HasToken: // a token that was given needs no guess: it can't be for a database
		return Place{}, ConflictTokenAlone
	}
	return Place{Name: DefaultDatabase}, 0
}

package cli

import (
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// sampleTime is an instant in the documents that the tests make.
var sampleTime = time.Date(2030, 1, 31, 12, 0, 0, 0, time.UTC)

// sampleHead is the head of a history.
var sampleHead = tokens.Head{Number: 1, Hash: strings.Repeat("0", 64)}

// fullToken has everything that a token can have, and leastToken what every token has, as a caller sees it who may not
// know of it.
func fullToken() listedToken {
	stop := &tokens.Stop{By: "local:ben@laptop", At: sampleTime, Reason: "seen in a log"}
	roles := []tokens.GroupRole{{GroupID: "grp_1", Role: tokens.RoleMember}}
	grants := tokens.Grants{Role: tokens.RoleViewer, GroupRoles: roles}
	return listedToken{AccessToken: tokens.AccessToken{
		ID: "tok_1", CreatorID: "mem_1", Status: tokens.StatusHeld, Grants: grants, Held: stop, Disabled: stop,
		User: tokens.TechnicalUser{
			ID: "tu_1", Email: "ci@acme.latchkey.internal", Disabled: stop,
			TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci", Grants: grants},
		},
		Settings: tokens.Settings{
			Name: "deploy", Description: "Deploys", Own: grants, Visibility: tokens.VisibilityOrganization, Enabled: true,
			ActivatesAt: sampleTime, ExpiresAt: sampleTime, TTL: 36 * time.Hour,
			Policies: tokens.Policies{
				RegenerateBeforeExpiry: time.Hour, OnExpired: tokens.OnExpiredIgnore, OnSecretDrift: tokens.OnSecretDriftAccept,
				Grace: tokens.Grace{Duration: time.Minute}, ProtectIfUsedWithin: time.Hour,
			},
		},
		Secret:    tokens.SecretState{Version: 2, Preview: "lk_1"},
		Previous:  &tokens.PreviousSecret{Version: 1, Preview: "lk_0", EndsAt: sampleTime, LastUsedAt: sampleTime},
		CreatedAt: sampleTime, UpdatedAt: sampleTime, RegeneratedAt: sampleTime, LastUsedAt: sampleTime, UseCount: 3,
	}, roles: tokens.NewRoles(nil)}
}

func leastToken() listedToken {
	return listedToken{AccessToken: tokens.AccessToken{
		ID: "tok_1", Status: tokens.StatusActive, Secret: tokens.SecretState{Version: 1, Preview: "lk_1"},
		Previous: &tokens.PreviousSecret{Version: 1, Preview: "lk_0", EndsAt: sampleTime},
		Held:     &tokens.Stop{By: "local:ben@laptop", At: sampleTime},
		Disabled: &tokens.Stop{By: "local:ben@laptop", At: sampleTime},
		User:     tokens.TechnicalUser{Disabled: &tokens.Stop{By: "local:ben@laptop", At: sampleTime}},
		Settings: tokens.Settings{
			Visibility: tokens.VisibilityOrganization, Own: tokens.Grants{Role: tokens.RoleViewer},
		},
		CreatedAt: sampleTime, UpdatedAt: sampleTime,
		Grants: tokens.Grants{GroupRoles: []tokens.GroupRole{{GroupID: "grp_1", Role: "clerk"}}},
	}}
}

// levelToken is a token at the level of a group; it has neither been stopped nor narrowed.
func levelToken() listedToken {
	t := leastToken()
	t.Previous, t.Held, t.Disabled, t.User.Disabled, t.Own = nil, nil, nil, nil, tokens.Grants{}
	t.User.GroupID = "grp_1"
	return t
}

// narrowedToken has only roles in groups of its own.
func narrowedToken() listedToken {
	t := levelToken()
	t.Own.GroupRoles = []tokens.GroupRole{}
	return t
}

// personalToken is a personal token.
func personalToken() listedToken {
	t := levelToken()
	m := tokens.Member{ID: "mem_01jz0000000000000000000000", Email: "ada@acme.example"}
	t.User = m.Account()
	return t
}

func sampleUsers() []listedTechnicalUser {
	full, least := fullToken().User, tokens.TechnicalUser{
		ID: "tu_1", Email: "ci@acme.latchkey.internal", GroupID: "grp_1", CreatedAt: sampleTime,
		Disabled:              &tokens.Stop{By: "local:ben@laptop", At: sampleTime},
		TechnicalUserSettings: tokens.TechnicalUserSettings{Name: "ci", Enabled: true},
	}
	full.CreatedAt, full.UpdatedAt, least.UpdatedAt, full.SystemCreated = sampleTime, sampleTime, sampleTime, true
	enabled := least
	enabled.Disabled = nil
	return []listedTechnicalUser{{full, nil}, {least, nil}, {enabled, nil}}
}

func sampleMembers() []listedMember {
	full := tokens.Member{ID: "mem_1", Email: "ada@acme.example", CreatedAt: sampleTime, UpdatedAt: sampleTime,
		MemberSettings: tokens.MemberSettings{Name: "Ada", Grants: fullToken().Grants}}
	least := full
	least.MemberSettings = tokens.MemberSettings{}
	return []listedMember{{full, nil}, {least, nil}}
}

func sampleGroups() []tokens.Group {
	return []tokens.Group{
		{ID: "grp_1", GroupSettings: tokens.GroupSettings{Name: "payments"}, CreatedAt: sampleTime, UpdatedAt: sampleTime},
	}
}

func sampleRoles() []tokens.Role {
	settings := tokens.RoleSettings{Name: "clerk", Description: "Reads", Permissions: []string{"api:read"}}
	return []tokens.Role{
		{ID: "rol_1", RoleSettings: settings, CreatedAt: sampleTime, UpdatedAt: sampleTime}, tokens.BuiltInRoles()[0],
	}
}

func sampleEvents() []tokens.Event {
	least := tokens.Event{ID: "evt_1", At: sampleTime, Actor: "local:ben@laptop", Action: "group.show", Outcome: "refused"}
	full, some := least, least
	full.ClaimedRun, full.ObjectID, full.ObjectName, full.Detail = "run/1", "tok_1", "deploy", "version 2"
	full.Details = tokens.EventDetails{
		Changes: []tokens.Change{{Setting: "name", From: "a", To: "b"}, {Setting: "description"}}, Reason: "leaked",
		Code: tokens.CodeForbidden, Field: "name", Permissions: []string{"tokens:read"}, SecretVersion: 2,
		PreviousSecretExpiresAt: sampleTime, LastUsedAt: sampleTime, EventsDeleted: 1, EventsDeletedBefore: sampleTime,
		Checkpoint: sampleHead.String(),
	}
	some.Details.Changes = []tokens.Change{{Setting: "description"}}
	return []tokens.Event{full, some, least}
}

// documentsIn returns the documents of objects.
func documentsIn[O any](l listing[O], objects ...O) []any {
	return documentsOf(objects, func(o O) any { return documentOf(l.fields, o) })
}

// sampleDocuments returns documents of each kind, by the title of its section in the guide.
func sampleDocuments(t *testing.T) map[string][]any {
	secret, err := tokens.NewSecret("lk")
	if err != nil {
		t.Fatal(err)
	}
	token := fullToken().AccessToken
	verified := tokens.Verification{Active: true, AccessToken: &token}
	snapshot := tokens.Snapshot{
		Database: tokens.Database{ID: "db_1", Organization: "acme", Location: "/latchkey.db"},
		Mark:     tokens.Mark{Serial: 1, At: sampleTime}, Head: sampleHead, Broken: &tokens.BrokenLink{}, Objects: []tokens.ObjectCount{{Noun: "group", Number: 1}},
		LastEvent: tokens.Event{Action: tokens.ActionDatabaseBackup, At: sampleTime, Actor: "local:ben@laptop"},
	}
	a := newTestApp(nil)
	restored := tokens.Restoration{
		Backup: snapshot, Replaced: &snapshot, Unreadable: tokens.Unavailable(nil, "damaged"), MovedTo: []string{"/moved"},
	}
	places := []leakPlace{{"build.log", 1, 1}}
	return map[string][]any{
		"Access token": documentsIn(tokenListing, fullToken(), leastToken(), levelToken(), narrowedToken(), personalToken()),
		"Shares of an access token": {
			memberAddresses{"mem_1": "ada@acme.example"}.shareDocument(tokens.TokenShare{MemberID: "mem_1", CreatedAt: sampleTime}),
			memberAddresses{}.shareDocument(tokens.TokenShare{MemberID: "mem_1", CreatedAt: sampleTime}),
		},
		"Verification": {
			verifyDocument{Reason: new("held"), Secret: new("current"), AccessToken: tokenDocument(fullToken())}, verifyDocument{},
		},
		"Technical user": documentsIn(technicalUserListing, sampleUsers()...),
		"Member":         documentsIn(memberListing, sampleMembers()...),
		"Group":          documentsIn(groupListing, sampleGroups()...),
		"Role":           documentsIn(roleListing, sampleRoles()...),
		"Event":          documentsIn(eventListing, sampleEvents()...),
		"History": {
			newHistoryDocument(tokens.History{Head: sampleHead, Checkpoint: sampleHead, Broken: &tokens.BrokenLink{EventID: "evt_1"}}),
			newHistoryDocument(tokens.History{Broken: &tokens.BrokenLink{}}), newHistoryDocument(tokens.History{}),
		},
		"Found value": {
			newLeakDocument(&leak{secret: secret, places: places, known: true, verification: verified, status: "active"}),
			newLeakDocument(&leak{secret: secret, places: places}),
		},
		"Database":          {newSnapshotDocument(snapshot), newSnapshotDocument(tokens.Snapshot{})},
		"Restore":           {a.newRestoreDocument(restored), a.newRestoreDocument(tokens.Restoration{Backup: snapshot})},
		"Accepted database": {acceptedDocument{KnownUntil: "2030-01-31T12:00:00Z", FindDifferences: differenceCommands()}},
		"Migration": {
			newMigrationDocument(tokens.Migration{From: snapshot, MovedTo: []string{"/moved"}, Tables: []tokens.TableRows{{Table: "events", Rows: 1}}}),
			newMigrationDocument(tokens.Migration{From: snapshot}),
		},
		"Unsealed database": {unsealDocument{ChangedThere: new(int64)}, unsealDocument{}},
		"Finding": {
			newFindingDocument(finding{name: "schema", facts: map[string]any{"version": 1}}),
			newFindingDocument(finding{name: "schema", problem: "it is old"}),
		},
		"Version": {versionDocument{}},
	}
}

// elsewhere are the objects whose fields the guide describes in a section of their own, or whose names vary.
var elsewhere = []string{"access_token", "backup", "replaced", "database", "objects", "rows", "facts"}

// instantName matches the names of instants.
var instantName = regexp.MustCompile(`(^|[_.])at$|_before$|^known_until$`)

// collectTypes adds the types that a value has in JSON to those of its name, and of the names in it.
func collectTypes(types map[string]map[string]bool, name string, data any) {
	add := func(kind string) {
		if types[name] == nil {
			types[name] = map[string]bool{}
		}
		types[name][kind] = true
	}
	switch data := data.(type) {
	case nil:
		add("null")
	case bool:
		add("true or false")
	case float64:
		add("number")
	case string:
		if instantName.MatchString(name) {
			if _, err := time.Parse(time.RFC3339, data); err == nil {
				add("instant")
				return
			}
		}
		add("text")
	case []any:
		if len(data) == 0 {
			add("list")
		}
		for _, element := range data {
			if _, isText := element.(string); isText {
				add("list of texts")
				continue
			}
			add("list")
			collectTypes(types, name+"[]", element)
		}
	case map[string]any:
		add("object")
		if slices.Contains(elsewhere, name) {
			return
		}
		for field, value := range data {
			collectTypes(types, strings.TrimPrefix(name+"."+field, "."), value)
		}
	}
}

// typesOf returns the types of all fields of documents, as the guide writes them.
func typesOf(t *testing.T, documents []any) map[string]string {
	t.Helper()
	encoded, err := json.Marshal(documents)
	if err != nil {
		t.Fatal(err)
	}
	var decoded []any
	if err := json.Unmarshal(encoded, &decoded); err != nil {
		t.Fatal(err)
	}
	types := map[string]map[string]bool{}
	for _, document := range decoded {
		collectTypes(types, "", document)
	}
	written := map[string]string{}
	for name, kinds := range types {
		if name == "" || strings.HasSuffix(name, "[]") {
			continue
		}
		if kinds["list of texts"] { // an empty list may hold anything
			delete(kinds, "list")
		}
		null := kinds["null"]
		delete(kinds, "null")
		text := strings.Join(slices.Sorted(maps.Keys(kinds)), " or ")
		switch {
		case null && text == "true or false":
			text = "true, false or null"
		case null:
			text += " or null"
		}
		written[name] = text
	}
	return written
}

// guideRow is a row of a table of the guide whose first cell is one name.
var guideRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([^|]+) \\| [^|]+ \\|$")

// TestGuideDescribesEveryField compares the fields of all documents with what the guide for programs says about them.
func TestGuideDescribesEveryField(t *testing.T) {
	head, sections := readOutputGuide(t)
	samples := sampleDocuments(t)
	for title, text := range sections {
		got := map[string]string{}
		for _, row := range guideRow.FindAllStringSubmatch(text, -1) {
			got[row[1]] = row[2]
		}
		if diff := cmp.Diff(typesOf(t, samples[title]), got); diff != "" {
			t.Errorf("the guide says otherwise about %q (-program +guide):\n%s", title, diff)
		}
	}
	if diff := cmp.Diff(slices.Sorted(maps.Keys(samples)), slices.Sorted(maps.Keys(sections))); diff != "" {
		t.Errorf("the sections of the guide (-program +guide):\n%s", diff)
	}
	var listed []string
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]+) \\|").FindAllStringSubmatch(head, -1) {
		for _, command := range strings.Split(row[1], ", ") {
			listed = append(listed, strings.Trim(command, "`"))
		}
	}
	slices.Sort(listed)
	commands := commandsWithJSON("", reflect.TypeFor[grammar]())
	slices.Sort(commands)
	if diff := cmp.Diff(commands, listed); diff != "" {
		t.Errorf("the commands that answer in JSON (-program +guide):\n%s", diff)
	}
}

// readOutputGuide returns the guide up to its first section, and its sections by title.
func readOutputGuide(t *testing.T) (string, map[string]string) {
	t.Helper()
	content, err := os.ReadFile("../../templates/guides/output-for-programs.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	parts := strings.Split(strings.ReplaceAll(string(content), "\r\n", "\n"), "\n## ")
	sections := map[string]string{}
	for _, part := range parts[1:] {
		title, text, _ := strings.Cut(part, "\n")
		sections[title] = text
	}
	return parts[0], sections
}

// commandsWithJSON returns the commands that take --json.
func commandsWithJSON(above string, commands reflect.Type) (names []string) {
	for field := range commands.NumField() {
		f := commands.Field(field)
		if _, isCommand := f.Tag.Lookup("cmd"); !isCommand {
			continue
		}
		name := above + strings.ToLower(regexp.MustCompile(`([a-z])([A-Z])`).ReplaceAllString(f.Name, "$1-$2"))
		if flag, ok := f.Type.FieldByName("JSON"); ok && flag.Tag.Get("name") == "json" {
			names = append(names, name)
		}
		names = append(names, commandsWithJSON(name+" ", f.Type)...)
	}
	return names
}

// TestTablesSayWhatDocumentsSay compares the cells of all columns of all lists with the values in JSON.
func TestTablesSayWhatDocumentsSay(t *testing.T) {
	compareCells(t, tokenListing, fullToken(), leastToken(), levelToken(), narrowedToken(), personalToken())
	compareCells(t, technicalUserListing, sampleUsers()...)
	compareCells(t, memberListing, sampleMembers()...)
	compareCells(t, groupListing, sampleGroups()...)
	compareCells(t, roleListing, sampleRoles()...)
	compareCells(t, eventListing, sampleEvents()...)
}

func compareCells[O any](t *testing.T, l listing[O], objects ...O) {
	t.Helper()
	for _, o := range objects {
		for _, f := range l.fields {
			v := f.value(o)
			encoded, err := json.Marshal(v.data)
			if err != nil {
				t.Fatal(err)
			}
			isEmpty := slices.Contains([]string{"null", `""`, "[]"}, string(encoded))
			// The list of access tokens has two words for none.
			if said := v.text == none || v.text == "Never" || v.text == "Not specified"; isEmpty != said {
				t.Errorf("%T: the cell of %s is %q, the value %s", o, f.name, v.text, encoded)
			}
			switch data := v.data.(type) {
			case string:
				if data != tokens.RoleNone && !strings.Contains(v.text, data) && !isEmpty {
					t.Errorf("%T: the cell of %s is %q, the text %q", o, f.name, v.text, data)
				}
			case float64:
				if d, err := tokens.ParseDuration("", v.text); err != nil || d.Seconds() != data {
					t.Errorf("%T: the cell of %s is %q, the duration %v seconds", o, f.name, v.text, data)
				}
			case []string:
				for _, text := range data {
					if !strings.Contains(v.text, text) {
						t.Errorf("%T: the cell of %s is %q and lacks %q", o, f.name, v.text, text)
					}
				}
			case *stopDocument:
				if !strings.Contains(v.text, *data.At) || !strings.Contains(v.text, data.By) {
					t.Errorf("%T: the cell of %s is %q, the stop %s", o, f.name, v.text, encoded)
				}
			}
		}
	}
}

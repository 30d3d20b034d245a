package httpapi

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/jsonschema-go/jsonschema"
)

// openAPIOf returns the description that a server of the management API serves, as text and as JSON.
func openAPIOf(t testing.TB) (text []byte, document map[string]any) {
	t.Helper()
	text = encoded(describeAPI("1.2.3"))
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	return text, document
}

// schemaFile returns a schema that is kept in a file.
func schemaFile(t *testing.T, name string) *jsonschema.Resolved {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var schema jsonschema.Schema
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	resolved, err := schema.Resolve(nil)
	if err != nil {
		t.Fatal(err)
	}
	return resolved
}

// The description is served to anybody, as a document of OpenAPI 3.1. The schema of those documents is the one that the
// OpenAPI Initiative publishes.
func TestOpenAPI(t *testing.T) {
	m := newManaged(t)
	r, err := http.Get(m.server.URL + openAPIPath)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Body.Close() }()
	text, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK || r.Header.Get("Content-Type") != "application/json" {
		t.Fatalf("it is %s %v", r.Status, err)
	}
	var document map[string]any
	if err := json.Unmarshal(text, &document); err != nil {
		t.Fatal(err)
	}
	valid := schemaFile(t, "testdata/openapi-3.1.json")
	if err := valid.Validate(document); err != nil {
		t.Error(err)
	}
	// The schema finds what is wrong.
	document["paths"].(map[string]any)["/v1/groups"].(map[string]any)["get"].(map[string]any)["operationId"] = 1
	if valid.Validate(document) == nil {
		t.Error("a document with a number for an operationId is valid")
	}
}

// Every operation is described, under its name, with the parameters of its path, and no other.
func TestOpenAPIHasEveryOperation(t *testing.T) {
	_, document := openAPIOf(t)
	var described, served, names []string
	for path, actions := range document["paths"].(map[string]any) {
		for method, action := range actions.(map[string]any) {
			a := action.(map[string]any)
			described = append(described, strings.ToUpper(method)+" "+path+" "+a["operationId"].(string))
			names = append(names, a["operationId"].(string))
			var inPath []string
			for _, p := range a["parameters"].([]any) {
				if p := p.(map[string]any); p["in"] == "path" {
					inPath = append(inPath, "{"+p["name"].(string)+"}")
				}
			}
			if templates := regexp.MustCompile(`\{\w+\}`).FindAllString(path, -1); !slices.Equal(templates, inPath) {
				t.Errorf("%s has the parameters %v", path, inPath)
			}
		}
	}
	for _, e := range endpoints() {
		served = append(served, e.method+" "+e.path+" "+e.name)
	}
	slices.Sort(described)
	slices.Sort(served)
	if !slices.Equal(described, served) {
		t.Errorf("described are\n%s\nand served are\n%s", strings.Join(described, "\n"), strings.Join(served, "\n"))
	}
	slices.Sort(names)
	if unique := slices.Compact(slices.Clone(names)); len(unique) != len(names) {
		t.Errorf("the names of the operations are not unique: %v", names)
	}
}

// Every reference leads somewhere, and every component is used.
func TestOpenAPIReferences(t *testing.T) {
	text, document := openAPIOf(t)
	used := map[string]bool{}
	for _, found := range regexp.MustCompile(`"\$ref":"([^"]*)"`).FindAllSubmatch(text, -1) {
		reference := string(found[1])
		used[reference] = true
		at := any(document)
		for _, step := range strings.Split(strings.TrimPrefix(reference, "#/"), "/") {
			object, _ := at.(map[string]any)
			at = object[step]
		}
		if at == nil {
			t.Errorf("%s leads nowhere", reference)
		}
	}
	for kind, all := range document["components"].(map[string]any) {
		for name := range all.(map[string]any) {
			if reference := "#/components/" + kind + "/" + name; kind != "securitySchemes" && !used[reference] {
				t.Errorf("%s is not used", reference)
			}
		}
	}
	if len(used) == 0 {
		t.Error("there are no references")
	}
}

// selfEvident are the members and parameters that need no description.
var selfEvident = map[string]bool{
	"id": true, "name": true, "email": true, "description": true, "items": true, "status": true, "kind": true, "created_at": true,
	"updated_at": true, "access_token_id": true, "member_id": true, "group_id": true, "technical_user_id": true,
}

// Every member of a document and every parameter is described, in a sentence, unless its name says all.
func TestOpenAPIDescribesEverything(t *testing.T) {
	_, document := openAPIOf(t)
	check := func(where, name string, described any) {
		t.Helper()
		text, _ := described.(string)
		if text == "" && selfEvident[name] {
			return
		}
		if len(text) < 8 || !strings.HasSuffix(text, ".") {
			t.Errorf("%s of %s is described by %q", name, where, text)
		}
		if regexp.MustCompile(`\blk_\w{6}`).MatchString(text) {
			t.Errorf("%s of %s is described with a value", name, where)
		}
	}
	components := document["components"].(map[string]any)
	for component, schema := range components["schemas"].(map[string]any) {
		for name, member := range schema.(map[string]any)["properties"].(map[string]any) {
			check(component, name, member.(map[string]any)["description"])
		}
	}
	for _, p := range components["parameters"].(map[string]any) {
		p := p.(map[string]any)
		check("the headers", p["name"].(string), p["description"])
	}
	for _, actions := range document["paths"].(map[string]any) {
		for _, action := range actions.(map[string]any) {
			a := action.(map[string]any)
			check("the operations", a["operationId"].(string), a["summary"].(string)+".")
			for _, p := range a["parameters"].([]any) {
				if p := p.(map[string]any); p["$ref"] == nil {
					check(a["operationId"].(string), p["name"].(string), p["description"])
				}
			}
		}
	}
}

// The description is the same each time.
func TestOpenAPIIsStable(t *testing.T) {
	first, _ := openAPIOf(t)
	for range 10 {
		if again, _ := openAPIOf(t); !bytes.Equal(first, again) {
			t.Fatal("the description differs from itself")
		}
	}
}

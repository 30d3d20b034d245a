package httpapi

import (
	"cmp"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/google/jsonschema-go/jsonschema"
)

// openAPIPath is where a server describes its management API, to anybody.
const openAPIPath = "/openapi.json"

// openAPI is a document of OpenAPI 3.1, as far as the management API needs one.
type openAPI struct {
	OpenAPI    string                          `json:"openapi"`
	Info       apiInfo                         `json:"info"`
	Servers    []apiServer                     `json:"servers"`
	Security   []map[string][]string           `json:"security"`
	Paths      map[string]map[string]apiAction `json:"paths"`
	Components apiComponents                   `json:"components"`
}

type apiInfo struct {
	Title       string `json:"title"`
	Version     string `json:"version"`
	Description string `json:"description"`
}

type apiServer struct {
	URL string `json:"url"`
}

// apiAction is what OpenAPI calls an operation.
type apiAction struct {
	OperationID string               `json:"operationId"`
	Summary     string               `json:"summary"`
	Tags        []string             `json:"tags"`
	Parameters  []apiParameter       `json:"parameters,omitempty"`
	RequestBody *apiBody             `json:"requestBody,omitempty"`
	Responses   map[string]apiAnswer `json:"responses"`
}

// apiParameter is a parameter, or a reference to one.
type apiParameter struct {
	Ref         string             `json:"$ref,omitempty"`
	Name        string             `json:"name,omitempty"`
	In          string             `json:"in,omitempty"`
	Description string             `json:"description,omitempty"`
	Required    bool               `json:"required,omitempty"`
	Schema      *jsonschema.Schema `json:"schema,omitempty"`
}

type apiBody struct {
	Required bool                `json:"required,omitempty"`
	Content  map[string]apiMedia `json:"content"`
}

type apiMedia struct {
	Schema *jsonschema.Schema `json:"schema"`
}

// apiAnswer is an answer, or a reference to one.
type apiAnswer struct {
	Ref         string               `json:"$ref,omitempty"`
	Description string               `json:"description,omitempty"`
	Headers     map[string]apiHeader `json:"headers,omitempty"`
	Content     map[string]apiMedia  `json:"content,omitempty"`
}

// apiHeader is a header of an answer, or a reference to one.
type apiHeader struct {
	Ref         string             `json:"$ref,omitempty"`
	Description string             `json:"description,omitempty"`
	Schema      *jsonschema.Schema `json:"schema,omitempty"`
}

type apiComponents struct {
	Schemas         map[string]*jsonschema.Schema `json:"schemas"`
	Parameters      map[string]apiParameter       `json:"parameters"`
	Headers         map[string]apiHeader          `json:"headers"`
	Responses       map[string]apiAnswer          `json:"responses"`
	SecuritySchemes map[string]apiSecurity        `json:"securitySchemes"`
}

type apiSecurity struct {
	Type        string `json:"type"`
	Scheme      string `json:"scheme"`
	Description string `json:"description"`
}

const (
	schemaRef    = "#/components/schemas/"
	parameterRef = "#/components/parameters/"
	headerRef    = "#/components/headers/"
	responseRef  = "#/components/responses/"
)

// apiDescription is what people should know about all operations.
const apiDescription = `Manage access tokens, the accounts they belong to, and who may do what.

**Who asks.** Every request but that for this document carries an access token, of a technical user or a personal one, as
` + "`Authorization: Bearer`" + `. It can do what its holder may do.

**Problems.** What fails is answered by a problem of RFC 9457, whose ` + "`code`" + ` is stable. Decide by it and by ` +
	"`reason`" + `, never by ` + "`detail`" + `. A problem repeats nothing that the client sent but identifiers: ` +
	"`{{name}}`" + ` in ` + "`detail`" + ` stands for the value that the member or parameter ` + "`name`" + ` has in the
request. Only ` + "`not_found`" + ` says that an object does not exist. A request whose head is too large or that is no HTTP
gets a plain answer instead, and so may one that a proxy answers.

**Asking again.** Every operation may be sent again after a lost answer. Where something is created, send the same
` + "`Idempotency-Key`" + ` again and get the same object; it counts for 7 days. A value that the server made is shown once:
asking again for it is the conflict ` + "`secret_already_shown`" + `. After 503, wait as ` + "`Retry-After`" + ` says.

**Documents.** Bodies are JSON in UTF-8, of 1 MiB at most, and have no members but those that are described, each once. A
PATCH changes the members that it has and no others; null stands for a setting that is not set any more. Answers may get
further members in later versions. Times are those of RFC 3339 in UTC. Durations are written as ` + "`90d`, `36h` or `1h30m`" + `.

**Lists** come in pages. Pass ` + "`next_cursor`" + ` on as ` + "`cursor`" + ` until it is null.`

// describeAPI returns the description of the management API of a version of the server.
func describeAPI(version string) openAPI {
	schemas := newSchemas()
	doc := openAPI{
		OpenAPI:  "3.1.0",
		Info:     apiInfo{"Latchkey", cmp.Or(version, "unknown"), apiDescription},
		Servers:  []apiServer{{"/"}},
		Security: []map[string][]string{{"accessToken": {}}},
		Paths:    map[string]map[string]apiAction{},
	}
	for _, e := range endpoints() {
		actions := doc.Paths[e.path]
		if actions == nil {
			actions = map[string]apiAction{}
			doc.Paths[e.path] = actions
		}
		actions[strings.ToLower(e.method)] = actionOf(e.described, schemas)
	}
	doc.Components = apiComponents{
		Parameters: contextParameters(),
		Headers: map[string]apiHeader{
			sawHeader: {Description: "The newest mark of the database after the operation, where the request told what it expects.",
				Schema: textSchema()},
		},
		Responses: problemAnswers(schemas),
		SecuritySchemes: map[string]apiSecurity{
			"accessToken": {"http", "bearer", "An access token of Latchkey itself: of a technical user, or a personal one."},
		},
		Schemas: schemas.all(),
	}
	return doc
}

// actionOf describes an operation.
func actionOf(d described, schemas *schemas) apiAction {
	action := apiAction{
		OperationID: d.name, Summary: d.summary, Tags: []string{strings.Split(d.path, "/")[2]}, Responses: map[string]apiAnswer{},
	}
	for _, p := range placesOf(d.in) {
		field := d.in.FieldByIndex(p.index)
		description := field.Tag.Get("jsonschema")
		switch p.kind {
		case "path":
			action.Parameters = append(action.Parameters, apiParameter{
				Name: p.name, In: p.kind, Required: true, Schema: textSchema(),
				Description: cmp.Or(description, "Identifies the object."),
			})
		case "query":
			action.Parameters = append(action.Parameters, apiParameter{
				Name: p.name, In: p.kind, Description: description, Schema: notNull(schemas.of(field.Type)),
			})
		case "key":
			action.Parameters = append(action.Parameters, apiParameter{Ref: parameterRef + keyHeader})
		case "body":
			schemas.sent(field.Type)
			action.RequestBody = &apiBody{true, map[string]apiMedia{"application/json": {schemas.of(field.Type)}}}
		}
	}
	for _, name := range []string{runHeader, organizationHeader, expectsHeader, purposeHeader, tentativeHeader} {
		action.Parameters = append(action.Parameters, apiParameter{Ref: parameterRef + name})
	}
	good := apiAnswer{
		Description: "Done.", Headers: map[string]apiHeader{sawHeader: {Ref: headerRef + sawHeader}},
	}
	if d.status() != http.StatusNoContent {
		good.Content = map[string]apiMedia{"application/json": {schemas.of(d.out)}}
	}
	action.Responses[strconv.Itoa(d.status())] = good
	for status := range problemDescriptions {
		if mayMeet(d, status) {
			action.Responses[strconv.Itoa(status)] = apiAnswer{Ref: responseRef + problemName(status)}
		}
	}
	return action
}

// mayMeet reports whether an operation may meet a problem of a status.
func mayMeet(d described, status int) bool {
	switch status {
	case http.StatusNotFound:
		return d.in != reflect.TypeFor[noInput]()
	case http.StatusConflict:
		return d.method != http.MethodGet
	case http.StatusMethodNotAllowed:
		return false // no operation at all
	}
	return true
}

// problemDescriptions say what the statuses of problems mean.
var problemDescriptions = map[int]string{
	http.StatusBadRequest:          "The request can't be read.",
	http.StatusUnauthorized:        "There is no access token, or not a good one. The cause is the same for all.",
	http.StatusForbidden:           "The caller may not do this, or not know of the object.",
	http.StatusNotFound:            "The object does not exist, if the code is not_found. For another code, nothing is known about it.",
	http.StatusConflict:            "A name is taken, the object is in use, or it changed meanwhile.",
	http.StatusPreconditionFailed:  "The database is not the one that the request expects: another, an older or a forked one.",
	http.StatusUnprocessableEntity: "A rule is broken; field says by which member or parameter, if it is one.",
	http.StatusServiceUnavailable:  "The server can't answer now. Nothing is known about the object, nor whether anything was done.",
}

// problemName returns the name of the component for the problems of a status.
func problemName(status int) string { return strings.ReplaceAll(http.StatusText(status), " ", "") }

// problemAnswers describe the answers that are problems, by the names of their components.
func problemAnswers(schemas *schemas) map[string]apiAnswer {
	all := map[string]apiAnswer{}
	for status, description := range problemDescriptions {
		answer := apiAnswer{
			Description: description,
			Content:     map[string]apiMedia{"application/problem+json": {schemas.of(reflect.TypeFor[problem]())}},
		}
		switch status {
		case http.StatusUnauthorized:
			answer.Headers = map[string]apiHeader{"WWW-Authenticate": {Description: "RFC 6750, section 3.", Schema: textSchema()}}
		case http.StatusServiceUnavailable:
			answer.Headers = map[string]apiHeader{"Retry-After": {Description: "Seconds to wait.", Schema: textSchema()}}
		}
		all[problemName(status)] = answer
	}
	return all
}

// contextParameters describe the headers that go along with any operation.
func contextParameters() map[string]apiParameter {
	all := map[string]apiParameter{}
	for _, p := range []struct{ name, description string }{
		{keyHeader, "Identifies the request: sent again with the same content by the same caller, it has the same effect, once. " +
			"1 to 255 characters, unique for the caller. Without it, a lost answer may mean a second object."},
		{runHeader, "The run of a pipeline in which the caller claims to work, percent-encoded. Events tell of it."},
		{organizationHeader, "The name that the server's organization must have; else nothing is done."},
		{expectsHeader, "What the caller has seen of the database: the Latchkey-Saw of an earlier answer. If the database hasn't " +
			"been through that, nothing is done. Empty to get a first one."},
		{purposeHeader, "The operation that this look serves, for the event of a refusal: an action, and after a space the " +
			"identifier of its object, if there is one."},
		{tentativeHeader, "true if the caller asks again where a conflict may pass: then no event tells of that conflict."},
	} {
		all[p.name] = apiParameter{Name: p.name, In: "header", Description: p.description, Schema: textSchema()}
	}
	return all
}

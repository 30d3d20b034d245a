package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// resourcePrefix begins the types of all resources of the provider.
const resourcePrefix = "latchkey_"

// candidatesNamed is the largest number of objects that the reason for an ambiguous match names.
const candidatesNamed = 10

// terraformPlan is the part of a plan that matters here, as terraform show -json writes it
// (https://developer.hashicorp.com/terraform/internals/json-format).
type terraformPlan struct {
	FormatVersion   string           `json:"format_version"`
	ResourceChanges []resourceChange `json:"resource_changes"`
	Configuration   struct {
		RootModule moduleConfig `json:"root_module"`
	} `json:"configuration"`
}

type resourceChange struct {
	Address       string `json:"address"`
	ModuleAddress string `json:"module_address"`
	Mode          string `json:"mode"`
	Type          string `json:"type"`
	Name          string `json:"name"`
	Change        struct {
		Actions      []string        `json:"actions"`
		Before       map[string]any  `json:"before"`
		After        map[string]any  `json:"after"`
		AfterUnknown json.RawMessage `json:"after_unknown"`
		Importing    *struct {
			ID string `json:"id"`
		} `json:"importing"`
	} `json:"change"`
}

type moduleConfig struct {
	Resources []struct {
		Address     string                     `json:"address"`
		Expressions map[string]json.RawMessage `json:"expressions"`
	} `json:"resources"`
	ModuleCalls map[string]struct {
		Module moduleConfig `json:"module"`
	} `json:"module_calls"`
}

// read reads the plan.
func (p *terraformPlan) read(decoder *json.Decoder) error {
	if err := decoder.Decode(p); err != nil {
		return err
	}
	if p.FormatVersion == "" || p.ResourceChanges == nil {
		return errors.New("it is not a plan with changes: pass the output of terraform show -json PLAN")
	}
	return nil
}

// plannedImport is what becomes of a planned creation.
type plannedImport struct {
	address string
	// id is the object to import, and title is what people call it. If there is none, id is empty and reason says why.
	id, title, reason string
	// waits reports that the reason may disappear once other objects are imported.
	waits bool
}

// planMatch finds the objects of the database that a plan would create anew.
type planMatch struct {
	*terraformPlan
	// objects are those that the plan's state does not know, by kind and key.
	objects map[tokens.Kind]map[string][]manageable
	// all are the objects of the database, by identifier.
	all map[string]manageable
	// found are the identifiers of the objects to import, by address.
	found map[string]string
}

// match returns what becomes of each planned creation, each before those that may refer to it.
func (p *terraformPlan) match(objects []manageable) []plannedImport {
	m := planMatch{p, map[tokens.Kind]map[string][]manageable{}, map[string]manageable{}, map[string]string{}}
	known := p.known()
	for _, object := range objects {
		m.all[object.id] = object
		if !known[object.id] {
			if m.objects[object.kind] == nil {
				m.objects[object.kind] = map[string][]manageable{}
			}
			m.objects[object.kind][object.key] = append(m.objects[object.kind][object.key], object)
		}
	}
	var outcomes []plannedImport
	for _, kind := range []tokens.Kind{
		tokens.KindGroup, tokens.KindRole, tokens.KindMember, tokens.KindTechnicalUser, tokens.KindAccessToken,
		tokens.KindTokenShare,
	} {
		outcomes = append(outcomes, m.matchKind(kind)...)
	}
	return outcomes
}

// known returns the identifiers of the objects that the plan's state knows or that the plan already imports.
func (p *terraformPlan) known() map[string]bool {
	known := map[string]bool{}
	for _, c := range p.ResourceChanges {
		if id, ok := c.Change.Before["id"].(string); ok && c.Mode == "managed" {
			known[id] = true
		}
		if c.Change.Importing != nil {
			known[c.Change.Importing.ID] = true
		}
	}
	return known
}

// matchKind returns what becomes of the planned creations of one kind.
func (m planMatch) matchKind(kind tokens.Kind) []plannedImport {
	var outcomes []plannedImport
	planned := map[string][]resourceChange{}
	for _, c := range m.ResourceChanges {
		switch {
		case c.Mode != "managed" || c.Type != resourceType(kind):
		case c.Change.Importing != nil:
			id := c.Change.Importing.ID
			m.found[c.Address] = id
			outcomes = append(outcomes, plannedImport{address: c.Address, id: id, title: m.titleOf(id)})
		case slices.Equal(c.Change.Actions, []string{"create"}):
			key, ok := m.key(kind, c)
			if !ok {
				outcomes = append(outcomes, plannedImport{
					address: c.Address, waits: true, reason: "waits; it refers to something that this plan does not know yet",
				})
				continue
			}
			planned[key] = append(planned[key], c)
		}
	}
	for key, changes := range planned {
		for _, c := range changes {
			outcomes = append(outcomes, m.choose(kind, c, m.objects[kind][key], len(changes)))
		}
	}
	slices.SortFunc(outcomes, func(a, b plannedImport) int { return strings.Compare(a.address, b.address) })
	return outcomes
}

func (m planMatch) titleOf(id string) string {
	if object, ok := m.all[id]; ok {
		return object.title
	}
	return "already planned"
}

// choose returns what becomes of a planned creation, given the objects that have its key and the number of planned
// creations that have the same key.
func (m planMatch) choose(kind tokens.Kind, c resourceChange, objects []manageable, wanting int) plannedImport {
	outcome := plannedImport{address: c.Address}
	switch {
	case len(objects) == 0:
		outcome.reason = "no match; the database holds no such " + kind.Noun() +
			", or the state already knows it: a new one would be made"
	case len(objects) == 1 && wanting == 1:
		outcome.id, outcome.title = objects[0].id, objects[0].title
		m.found[c.Address] = outcome.id
	default:
		var titles []string
		for _, object := range objects[:min(len(objects), candidatesNamed)] {
			titles = append(titles, fmt.Sprintf("%s (%s)", object.id, object.title))
		}
		if len(objects) > candidatesNamed {
			titles = append(titles, "another one")
		}
		outcome.reason = fmt.Sprintf("ambiguous; several are alike, and it may be %s: write the block by hand, "+
			"with the right identifier", strings.Join(titles, ", or "))
	}
	return outcome
}

// key returns what distinguishes the object to be created from others of its kind, or false if that is not known yet.
func (m planMatch) key(kind tokens.Kind, c resourceChange) (string, bool) {
	text := func(attribute string) string {
		s, _ := c.Change.After[attribute].(string)
		return s
	}
	switch kind {
	case tokens.KindGroup, tokens.KindRole:
		return text("name"), text("name") != ""
	case tokens.KindMember:
		return tokens.FoldedEmail(text("email")), text("email") != ""
	case tokens.KindTechnicalUser:
		groupID, ok := m.reference(c, "group_id")
		return technicalUserKey(text("name"), groupID), ok && text("name") != ""
	case tokens.KindAccessToken:
		userID, userKnown := m.reference(c, "technical_user_id")
		groupID, groupKnown := m.reference(c, "group_id")
		if userID != "" {
			return tokenKey(text("name"), userID), userKnown && text("name") != ""
		}
		return ownTokenKey(text("name"), groupID), userKnown && groupKnown && text("name") != ""
	default:
		tokenID, tokenKnown := m.reference(c, "access_token_id")
		memberID, memberKnown := m.reference(c, "member_id")
		return tokens.ShareID(tokenID, memberID), tokenKnown && memberKnown
	}
}

// reference returns the identifier that an attribute will hold, empty for none, or false if that is not known yet. An
// attribute that is unknown and not configured is the provider's to set, and holds none.
func (m planMatch) reference(c resourceChange, attribute string) (string, bool) {
	var unknown map[string]any
	_ = json.Unmarshal(c.Change.AfterUnknown, &unknown) // it is false where nothing is unknown
	if unknown[attribute] != true {
		id, _ := c.Change.After[attribute].(string)
		return id, true
	}
	references := m.references(c, attribute)
	if len(references) == 0 {
		return "", true
	}
	// An expression that refers to the id of one object, and to nothing else, is that id.
	var named []string
	for _, reference := range references {
		if address, ok := strings.CutSuffix(reference, ".id"); ok {
			named = append(named, address)
		}
	}
	if len(named) != 1 || len(references) != 2 {
		return "", false
	}
	id, ok := m.found[strings.TrimPrefix(c.ModuleAddress+"."+named[0], ".")]
	return id, ok
}

// references returns what the expression of an attribute refers to, in the words of the configuration. A reference to
// an attribute of an object comes with one to the object itself.
func (m planMatch) references(c resourceChange, attribute string) []string {
	module := m.Configuration.RootModule
	for i, step := range strings.Split(withoutKeys(c.ModuleAddress), ".") {
		if i%2 == 1 {
			module = module.ModuleCalls[step].Module
		}
	}
	for _, resource := range module.Resources {
		if resource.Address == c.Type+"."+c.Name {
			var expression struct {
				References []string `json:"references"`
			}
			_ = json.Unmarshal(resource.Expressions[attribute], &expression) // without an expression there are no references
			return expression.References
		}
	}
	return nil
}

// withoutKeys returns an address without the keys of instances: module.team["a"] becomes module.team.
func withoutKeys(address string) string {
	parts, _ := splitKeys(address)
	return strings.Join(parts, "")
}

// splitKeys returns the keys of instances in an address, as they are written there, and the parts before, between and
// behind them.
func splitKeys(address string) (parts, keys []string) {
	start := 0
	quoted, inside := false, false
	for i := 0; i < len(address); i++ {
		switch b := address[i]; {
		case quoted && b == '\\':
			i++
		case inside && b == '"':
			quoted = !quoted
		case !inside && b == '[':
			inside = true
			parts, start = append(parts, address[start:i]), i+1
		case inside && !quoted && b == ']':
			inside = false
			keys, start = append(keys, address[start:i]), i+1
		}
	}
	return append(parts, address[start:]), keys
}

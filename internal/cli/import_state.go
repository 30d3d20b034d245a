package cli

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// managedObjects are what one or several states manage.
type managedObjects struct {
	// ids are the identifiers of the objects, and addresses those of their resources, without the module that holds them.
	ids, addresses map[string]bool
}

// readManaged reads one or several states. Each has one of the two forms in which Terraform writes it: that of terraform
// state pull or that of terraform show -json.
func readManaged(decoder *json.Decoder) (managed managedObjects, err error) {
	managed = managedObjects{map[string]bool{}, map[string]bool{}}
	for first := true; ; first = false {
		var state map[string]any
		err := decoder.Decode(&state)
		switch {
		case errors.Is(err, io.EOF) && !first:
			return managed, nil
		case err != nil:
			return managed, err
		case state["version"] == nil && state["format_version"] == nil:
			return managed, errors.New("it is not a state: pass the output of terraform state pull or terraform show -json")
		}
		managed.note(state)
	}
}

// note looks for resources in a part of a state. Both forms represent a resource as an object that holds its
// mode, its type and, directly or in a list of instances, its attributes.
func (m managedObjects) note(part any) {
	switch part := part.(type) {
	case []any:
		for _, element := range part {
			m.note(element)
		}
	case map[string]any:
		resourceType, isResource := part["type"].(string)
		if mode, ok := part["mode"].(string); ok && isResource {
			if mode == "managed" && strings.HasPrefix(resourceType, resourcePrefix) {
				name, _ := part["name"].(string)
				m.addresses[resourceType+"."+name] = true
				m.noteIdentifier(part["values"])
				instances, _ := part["instances"].([]any)
				for _, instance := range instances {
					if instance, ok := instance.(map[string]any); ok {
						m.noteIdentifier(instance["attributes"])
					}
				}
			}
			return
		}
		for _, element := range part {
			m.note(element)
		}
	}
}

// noteIdentifier records the identifier among the attributes of a resource.
func (m managedObjects) noteIdentifier(attributes any) {
	if attributes, ok := attributes.(map[string]any); ok {
		if id, ok := attributes["id"].(string); ok {
			m.ids[id] = true
		}
	}
}

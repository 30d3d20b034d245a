package cli

import (
	"encoding/json"
	"errors"
	"io"
	"strings"
)

// readManaged records the identifiers of what one or several states manage. Each state has one of the two forms in
// which Terraform writes it: that of terraform state pull or that of terraform show -json.
func readManaged(decoder *json.Decoder, managed map[string]bool) error {
	for first := true; ; first = false {
		var state map[string]any
		err := decoder.Decode(&state)
		switch {
		case errors.Is(err, io.EOF) && !first:
			return nil
		case err != nil:
			return err
		case state["version"] == nil && state["format_version"] == nil:
			return errors.New("it is not a state: pass the output of terraform state pull or terraform show -json")
		}
		noteManaged(state, managed)
	}
}

// noteManaged looks for resources in a part of a state. Both forms represent a resource as an object that holds its
// mode, its type and, directly or in a list of instances, its attributes.
func noteManaged(part any, managed map[string]bool) {
	switch part := part.(type) {
	case []any:
		for _, element := range part {
			noteManaged(element, managed)
		}
	case map[string]any:
		resourceType, isResource := part["type"].(string)
		if mode, ok := part["mode"].(string); ok && isResource {
			if mode == "managed" && strings.HasPrefix(resourceType, resourcePrefix) {
				noteIdentifier(part["values"], managed)
				instances, _ := part["instances"].([]any)
				for _, instance := range instances {
					if instance, ok := instance.(map[string]any); ok {
						noteIdentifier(instance["attributes"], managed)
					}
				}
			}
			return
		}
		for _, element := range part {
			noteManaged(element, managed)
		}
	}
}

// noteIdentifier records the identifier among the attributes of a resource.
func noteIdentifier(attributes any, managed map[string]bool) {
	if attributes, ok := attributes.(map[string]any); ok {
		if id, ok := attributes["id"].(string); ok {
			managed[id] = true
		}
	}
}

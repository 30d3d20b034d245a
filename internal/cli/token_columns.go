package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// tokenTableColumn is a column of the list of access tokens.
type tokenTableColumn struct {
	name   tokens.TokenColumn
	header string
	value  func(tokens.AccessToken, groupNames) string
	// optional columns are shown where they are asked for.
	optional bool
	// freeText marks texts of people, which may be long.
	freeText bool
}

// tokenTableColumns are all columns, in the order in which they are shown.
var tokenTableColumns = []tokenTableColumn{
	{name: tokens.ColumnName, header: "NAME", freeText: true, value: func(t tokens.AccessToken, _ groupNames) string { return t.Name }},
	{name: tokens.ColumnDescription, header: "DESCRIPTION", freeText: true, value: func(t tokens.AccessToken, _ groupNames) string { return t.Description }},
	{name: tokens.ColumnID, header: "ID", value: func(t tokens.AccessToken, _ groupNames) string { return t.ID }},
	{name: tokens.ColumnPreview, header: "TOKEN", value: func(t tokens.AccessToken, _ groupNames) string { return maskedToken(t) }},
	{name: tokens.ColumnSecretVersion, header: "VERSION", optional: true, value: func(t tokens.AccessToken, _ groupNames) string { return strconv.FormatInt(t.Secret.Version, 10) }},
	{name: tokens.ColumnTechnicalUser, header: "TECHNICAL USER", value: func(t tokens.AccessToken, _ groupNames) string { return t.User.Email }},
	{name: tokens.ColumnRole, header: "ROLE", value: func(t tokens.AccessToken, groups groupNames) string { return groups.describe(t.Grants) }},
	{name: tokens.ColumnCreatedAt, header: "CREATED", value: func(t tokens.AccessToken, _ groupNames) string { return minute(t.CreatedAt) }},
	{name: tokens.ColumnExpiresAt, header: "EXPIRES", value: func(t tokens.AccessToken, _ groupNames) string { return expiry(t) }},
	{name: tokens.ColumnLastUsedAt, header: "LAST USED", value: func(t tokens.AccessToken, _ groupNames) string { return lastUse(t) }},
	{name: tokens.ColumnUpdatedAt, header: "UPDATED", optional: true, value: func(t tokens.AccessToken, _ groupNames) string { return minute(t.UpdatedAt) }},
	{name: tokens.ColumnVisibility, header: "VISIBILITY", optional: true, value: func(t tokens.AccessToken, _ groupNames) string { return string(t.Visibility) }},
	{name: tokens.ColumnStatus, header: "STATUS", value: func(t tokens.AccessToken, _ groupNames) string { return string(t.Status) }},
}

// statusColors are the colours of a row by the status of its token: what has expired stands out, what somebody switched
// off steps back, what was stopped in an incident is to be seen.
var statusColors = map[tokens.Status]text.Colors{
	tokens.StatusExpired:  {text.FgRed},
	tokens.StatusDisabled: {text.Faint},
	tokens.StatusRevoked:  {text.Faint},
	tokens.StatusHeld:     {text.Bold, text.FgYellow},
}

// columnNames returns the names of all columns in the order in which they are shown.
func columnNames() []string {
	names := make([]string, len(tokenTableColumns))
	for i, column := range tokenTableColumns {
		names[i] = string(column.name)
	}
	return names
}

// selectColumns returns the columns of the names, in the order of the names; those that are not optional for no names.
func selectColumns(names []string) ([]tokenTableColumn, error) {
	var selected []tokenTableColumn
	if len(names) == 0 {
		for _, column := range tokenTableColumns {
			if !column.optional {
				selected = append(selected, column)
			}
		}
		return selected, nil
	}
	for _, name := range names {
		i := slices.IndexFunc(tokenTableColumns, func(c tokenTableColumn) bool { return string(c.name) == name })
		if i < 0 {
			return nil, misusef("--columns: there is no column %q; the columns are %s", hideUnlessPlain(name), strings.Join(columnNames(), ", "))
		}
		selected = append(selected, tokenTableColumns[i])
	}
	return selected, nil
}

// newTokenTable lays access tokens out in columns.
func newTokenTable(list []tokens.AccessToken, columns []tokenTableColumn, groups groupNames) tableView {
	var view tableView
	for _, column := range columns {
		view.headers = append(view.headers, column.header)
		if column.freeText {
			view.freeText = append(view.freeText, column.header)
		}
	}
	for _, t := range list {
		row := tableRow{colors: statusColors[t.Status]}
		for _, column := range columns {
			row.cells = append(row.cells, column.value(t, groups))
		}
		view.rows = append(view.rows, row)
	}
	return view
}

// maskedToken shows the beginning of a value, by which people recognize it.
func maskedToken(t tokens.AccessToken) string { return t.Secret.Preview + "…" }

func expiry(t tokens.AccessToken) string { return minuteOr("Not specified", t.SecretExpiresAt()) }

func lastUse(t tokens.AccessToken) string { return minuteOr("Never", t.LastUsedAt) }

// countedUses is lastUse with how often there was one. A last use without a number is from before uses were counted.
func countedUses(t tokens.AccessToken) string {
	switch t.UseCount {
	case 0:
		return lastUse(t)
	case 1:
		return lastUse(t) + " (once in all)"
	}
	return fmt.Sprintf("%s (%d times in all)", lastUse(t), t.UseCount)
}

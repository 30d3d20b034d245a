package httpapi

import (
	"context"
	"strings"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// memberSettings are what people set on a member.
type memberSettings struct {
	Name string `json:"name,omitempty" jsonschema:"The person's display name."`
	grants
}

func memberSettingsOf(s tokens.MemberSettings) memberSettings {
	return memberSettings{s.Name, grantsOf(s.Grants)}
}

func (s memberSettings) domain() tokens.MemberSettings {
	return tokens.MemberSettings{Name: s.Name, Grants: s.granted()}
}

func (s *memberSettings) preset() { s.Role = tokens.DefaultRole }

// member is a person of the organization.
type member struct {
	ID    string `json:"id"`
	Email string `json:"email"`
	memberSettings
	CreatedAt instant `json:"created_at"`
	UpdatedAt instant `json:"updated_at"`
}

func memberOf(m tokens.Member) member {
	return member{m.ID, m.Email, memberSettingsOf(m.MemberSettings), instant{m.CreatedAt}, instant{m.UpdatedAt}}
}

func (m member) domain() (tokens.Member, error) {
	return tokens.Member{
		ID: m.ID, Email: m.Email, MemberSettings: m.memberSettings.domain(), CreatedAt: m.CreatedAt.Time, UpdatedAt: m.UpdatedAt.Time,
	}, nil
}

// memberKey is the key of a member in the list of all, which regards no case.
func memberKey(m tokens.Member) string { return strings.ToLower(m.Email) + " " + m.ID }

// newMember is the body of a creation.
type newMember struct {
	Email string `json:"email" jsonschema:"Identifies the person, and can't be changed."`
	memberSettings
}

type (
	memberCreation struct {
		tokens.Request `key:""`
		Member         newMember `body:""`
	}
	memberChange struct {
		ID     string                                       `path:"id"`
		Update patch[memberSettings, tokens.MemberSettings] `body:""`
	}
)

// The operations on members.
var (
	createMember = operation[memberCreation, member]{
		"POST", "/v1/members", "createMember", "Create a member", true,
	}
	showMember = operation[idInput, member]{
		"GET", "/v1/members/{id}", "showMember", "Show a member", false,
	}
	listMembers = operation[pageInput, page[member]]{
		"GET", "/v1/members", "listMembers", "List the members by e-mail address", false,
	}
	updateMember = operation[memberChange, member]{
		"PATCH", "/v1/members/{id}", "updateMember", "Change a member", false,
	}
	deleteMember = operation[idInput, nothing]{
		"DELETE", "/v1/members/{id}", "deleteMember", "Delete a member and the shares with that person", false,
	}
)

// memberEndpoints are what a server does for members.
func memberEndpoints() []endpoint {
	return []endpoint{
		served(createMember, func(ctx context.Context, b tokens.Backend, in memberCreation) (member, error) {
			return answered(memberOf)(b.CreateMember(ctx,
				tokens.NewMember{Request: in.Request, Email: in.Member.Email, MemberSettings: in.Member.domain()}))
		}),
		served(showMember, func(ctx context.Context, b tokens.Backend, in idInput) (member, error) {
			return answered(memberOf)(b.Member(ctx, in.ID))
		}),
		served(listMembers, func(ctx context.Context, b tokens.Backend, in pageInput) (page[member], error) {
			return pageOf(in, memberOf, memberKey)(b.Members(ctx))
		}),
		served(updateMember, func(ctx context.Context, b tokens.Backend, in memberChange) (member, error) {
			return answered(memberOf)(b.UpdateMember(ctx, in.ID, in.Update.domain()))
		}),
		served(deleteMember, func(ctx context.Context, b tokens.Backend, in idInput) (nothing, error) {
			return nothing{}, b.DeleteMember(ctx, in.ID)
		}),
	}
}

// CreateMember implements tokens.Backend.
func (c *Client) CreateMember(ctx context.Context, n tokens.NewMember) (tokens.Member, error) {
	body := newMember{n.Email, memberSettingsOf(n.MemberSettings)}
	return received(member.domain)(ask(ctx, c, createMember, memberCreation{n.Request, body}))
}

// Member implements tokens.Backend.
func (c *Client) Member(ctx context.Context, id string) (tokens.Member, error) {
	return received(member.domain)(ask(ctx, c, showMember, idInput{id}))
}

// Members implements tokens.Backend.
func (c *Client) Members(ctx context.Context) ([]tokens.Member, error) {
	return askForAll(ctx, c, listMembers, unfiltered, member.domain)
}

// UpdateMember implements tokens.Backend.
func (c *Client) UpdateMember(ctx context.Context, id string, u tokens.MemberUpdate) (tokens.Member, error) {
	return received(member.domain)(ask(ctx, c, updateMember, memberChange{id, patchOf(u, memberSettingsOf)}))
}

// DeleteMember implements tokens.Backend.
func (c *Client) DeleteMember(ctx context.Context, id string) error {
	return end(ctx, c, deleteMember, idInput{id})
}

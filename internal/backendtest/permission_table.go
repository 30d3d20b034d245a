package backendtest

// This file is the expected matrix of who may do what, written by hand from the design, not from code. A change of a
// rule starts here. permission.go runs every cell.
//
// A row is for callers who hold one role in one place: at organization level (viewer), in the group (viewer.group) or
// only in another group (viewer.elsewhere). The names before the bar are the callers of the row; each caller is in each
// table once. "elsewhere" stands for all roles held in another group. Besides the built-in roles there are custom ones,
// with one permission each:
//
//	reader   tokens:read
//	writer   tokens:write
//	stopper  tokens:manage
//	keeper   accounts:manage
//	clerk    orders:read
//
// The letter of a cell is the most powerful role that the object may have for the caller to be allowed:
//
//	-  none at all: it is forbidden
//	n  none, which holds nothing
//	m  up to member, which holds tokens:read, api:read and api:write
//	a  up to administrator, which holds all reserved permissions but the wildcard
//	o  up to owner, which holds everything
//
// and where the role makes no difference + is allowed, - is forbidden.

// callers lists the callers that the rows of each table cover.
const callers = `
	none
	viewer            viewer.group            viewer.elsewhere
	member            member.group            member.elsewhere
	manager           manager.group           manager.elsewhere
	administrator     administrator.group     administrator.elsewhere
	owner             owner.group             owner.elsewhere
	reader            reader.group
	writer            writer.group
	stopper           stopper.group           stopper.elsewhere
	keeper            keeper.group            keeper.elsewhere
	clerk             clerk.group
`

// The columns of the tables of operations on an existing token:
//
//	level of the token                organization           |             group
//	visibility              organization restricted    made  | organization restricted    made
//	share with the caller       -vem        -vem       -vem  |     -vem        -vem       -vem
//
// "made" means restricted and created by the caller. The share is none, viewer, editor or manager. The status of the
// token makes no difference, except as permission.go says for revive and enable.
//
//nolint:dupword // the letters of a row are no words
const (
	// To show a token, to see it in the list, and to see who else it is shared with. Its role makes no difference.
	tableShow = `
	none  writer  stopper  keeper  clerk  writer.group  stopper.group  keeper.group  clerk.group  elsewhere
	                                                            | -+++ -+++ -+++ | -+++ -+++ -+++
	viewer  member  manager  administrator  reader              | ++++ -+++ ++++ | ++++ -+++ ++++
	viewer.group  member.group  manager.group
	administrator.group  reader.group                           | -+++ -+++ -+++ | ++++ -+++ ++++
	owner                                                       | ++++ ++++ ++++ | ++++ ++++ ++++
	owner.group                                                 | -+++ -+++ -+++ | ++++ ++++ ++++
	`

	// To edit its name, description, expiry or policies: needs tokens:write in its group or tokens:manage at organization
	// level, or a share, which is a grant of its own: it asks for nothing that the token holds.
	tableEdit = `
	none  keeper  clerk  keeper.group  clerk.group  stopper.group  elsewhere
	viewer  member  reader  viewer.group  member.group  reader.group
	                                                            | --oo --oo --oo | --oo --oo --oo
	writer  writer.group                                        | --oo --oo --oo | nnoo -noo nnoo
	stopper                                                     | nnoo -noo nnoo | --oo --oo --oo
	manager  manager.group                                      | --oo --oo --oo | mmoo -moo mmoo
	administrator                                               | aaoo -aoo aaoo | aaoo -aoo aaoo
	administrator.group                                         | --oo --oo --oo | aaoo -aoo aaoo
	owner                                                       | oooo oooo oooo | oooo oooo oooo
	owner.group                                                 | --oo --oo --oo | oooo oooo oooo
	`

	// To take something from it within the hour by an edit, such as an early end, a later beginning or a narrower role:
	// needs what an edit needs, and what stopping it needs.
	tableCurtail = `
	none  keeper  clerk  writer  reader  viewer  member  manager  elsewhere
	keeper.group  clerk.group  writer.group  reader.group  viewer.group  member.group  manager.group
	                                                            | ---o ---o ---o | ---o ---o ---o
	stopper                                                     | nnoo -noo nnoo | --oo --oo --oo
	stopper.group                                               | ---o ---o ---o | --oo --oo --oo
	administrator                                               | aaoo -aoo aaoo | aaoo -aoo aaoo
	administrator.group                                         | ---o ---o ---o | aaoo -aoo aaoo
	owner                                                       | oooo oooo oooo | oooo oooo oooo
	owner.group                                                 | ---o ---o ---o | oooo oooo oooo
	`

	// To revive an expired one with a later expiry: needs what an edit needs, and tokens:manage.
	tableRevive = `
	none  keeper  clerk  writer  reader  viewer  member  manager  elsewhere
	keeper.group  clerk.group  writer.group  reader.group  viewer.group  member.group  manager.group
	                                                            | ---o ---o ---o | ---o ---o ---o
	stopper                                                     | nnno -nno nnno | --no --no --no
	stopper.group                                               | ---o ---o ---o | --no --no --no
	administrator                                               | aaao -aao aaao | aaao -aao aaao
	administrator.group                                         | ---o ---o ---o | aaao -aao aaao
	owner                                                       | oooo oooo oooo | oooo oooo oooo
	owner.group                                                 | ---o ---o ---o | oooo oooo oooo
	`

	// To delete it, to set its visibility, and to retire its previous secret.
	tableDelete = `
	none  keeper  clerk  writer  reader  viewer  member  manager  elsewhere
	keeper.group  clerk.group  writer.group  reader.group  viewer.group  member.group  manager.group
	                                                            | ---o ---o ---o | ---o ---o ---o
	stopper                                                     | nnno -nno nnno | nnno -nno nnno
	stopper.group                                               | ---o ---o ---o | nnno -nno nnno
	administrator                                               | aaao -aao aaao | aaao -aao aaao
	administrator.group                                         | ---o ---o ---o | aaao -aao aaao
	owner                                                       | oooo oooo oooo | oooo oooo oooo
	owner.group                                                 | ---o ---o ---o | oooo oooo oooo
	`

	// To regenerate it, and to share it as manager: the caller must also hold a member's api:read and api:write, or manage
	// the accounts at that level.
	tableRegenerate = `
	none  keeper  clerk  writer  reader  viewer  elsewhere
	keeper.group  clerk.group  writer.group  reader.group  viewer.group
	                                                            | ---n ---n ---n | ---n ---n ---n
	stopper                                                     | nnnn -nnn nnnn | nnnn -nnn nnnn
	stopper.group                                               | ---n ---n ---n | nnnn -nnn nnnn
	member  manager                                             | ---m ---m ---m | ---m ---m ---m
	member.group  manager.group                                 | ---n ---n ---n | ---m ---m ---m
	administrator                                               | aaaa -aaa aaaa | aaaa -aaa aaaa
	administrator.group                                         | ---n ---n ---n | aaaa -aaa aaaa
	owner                                                       | oooo oooo oooo | oooo oooo oooo
	owner.group                                                 | ---n ---n ---n | oooo oooo oooo
	`

	// To raise its own role from none: the letter is the most powerful role that the caller may give it.
	tableRaise = `
	none  keeper  clerk  writer  stopper  reader  viewer  elsewhere
	keeper.group  clerk.group  writer.group  stopper.group  reader.group  viewer.group
	                                                            | ---- ---- ---- | ---- ---- ----
	member                                                      | --mm --mm --mm | --mm --mm --mm
	member.group                                                | ---- ---- ---- | --mm --mm --mm
	manager                                                     | --mm --mm --mm | mmmm -mmm mmmm
	manager.group                                               | ---- ---- ---- | mmmm -mmm mmmm
	administrator                                               | aaaa -aaa aaaa | aaaa -aaa aaaa
	administrator.group                                         | ---- ---- ---- | aaaa -aaa aaaa
	owner                                                       | oooo oooo oooo | oooo oooo oooo
	owner.group                                                 | ---- ---- ---- | oooo oooo oooo
	`

	// To enable a disabled one, to release, to share as viewer or editor, and to unshare. Its role makes no difference.
	tableManage = `
	none  keeper  clerk  writer  reader  viewer  member  manager  elsewhere
	keeper.group  clerk.group  writer.group  reader.group  viewer.group  member.group  manager.group
	                                                            | ---+ ---+ ---+ | ---+ ---+ ---+
	stopper  administrator                                      | ++++ -+++ ++++ | ++++ -+++ ++++
	stopper.group  administrator.group                          | ---+ ---+ ---+ | ++++ -+++ ++++
	owner                                                       | ++++ ++++ ++++ | ++++ ++++ ++++
	owner.group                                                 | ---+ ---+ ---+ | ++++ ++++ ++++
	`

	// To disable or hold it. Its role and its visibility make no difference.
	tableStop = `
	none  keeper  clerk  writer  reader  viewer  member  manager  elsewhere
	keeper.group  clerk.group  writer.group  reader.group  viewer.group  member.group  manager.group
	                                                            | ---+ ---+ ---+ | ---+ ---+ ---+
	stopper  administrator  owner                               | ++++ ++++ ++++ | ++++ ++++ ++++
	stopper.group  administrator.group  owner.group             | ---+ ---+ ---+ | ++++ ++++ ++++
	`

	// To verify its value. Share, visibility and role make no difference. With ? the answer is the same as for a value
	// that was never issued.
	tableVerify = `
	none  keeper  clerk  writer  stopper  reader  viewer  member  manager
	keeper.group  clerk.group  writer.group  stopper.group  reader.group  viewer.group  member.group  manager.group
	viewer.elsewhere  member.elsewhere  manager.elsewhere  stopper.elsewhere  keeper.elsewhere
	                                                            | ---- ---- ---- | ---- ---- ----
	administrator  owner                                        | ++++ ++++ ++++ | ++++ ++++ ++++
	administrator.group  owner.group                            | ???? ???? ???? | ++++ ++++ ++++
	administrator.elsewhere  owner.elsewhere                    | ???? ???? ???? | ???? ???? ????
	`
)

// The columns of the tables of operations on an account, or on a token to create, are its level: organization, then
// group.
const (
	// To create a token, by level and, within it, visibility: organization, restricted. Whether the technical user exists
	// or the system creates it makes no difference. The letter is the most powerful role that the token may have.
	tableCreateToken = `
	none  keeper  clerk  reader  viewer  member  elsewhere
	keeper.group  clerk.group  reader.group  viewer.group  member.group  stopper.group
	                                                            | -- | --
	writer  writer.group                                        | -- | n-
	stopper                                                     | nn | --
	manager  manager.group                                      | -- | m-
	administrator                                               | aa | aa
	administrator.group                                         | -- | aa
	owner                                                       | oo | oo
	owner.group                                                 | -- | oo
	`

	// To create, edit, enable or delete a technical user.
	tableAlterUser = `
	none  clerk  reader  viewer  member  manager  writer  stopper  elsewhere
	clerk.group  reader.group  viewer.group  member.group  manager.group  writer.group  stopper.group
	                                                            | - | -
	keeper                                                      | n | n
	keeper.group                                                | - | n
	administrator                                               | a | a
	administrator.group                                         | - | a
	owner                                                       | o | o
	owner.group                                                 | - | o
	`

	// To raise the role of a technical user from none: the letter is the most powerful role that the caller may give it.
	tableRaiseUser = `
	none  clerk  reader  viewer  member  manager  writer  stopper  keeper  elsewhere
	clerk.group  reader.group  viewer.group  member.group  manager.group  writer.group  stopper.group  keeper.group
	                                                            | - | -
	administrator                                               | a | a
	administrator.group                                         | - | a
	owner                                                       | o | o
	owner.group                                                 | - | o
	`

	// To show or disable a technical user. Its role makes no difference.
	tableStopUser = `
	none  clerk  reader  viewer  member  manager  writer  stopper  elsewhere
	clerk.group  reader.group  viewer.group  member.group  manager.group  writer.group  stopper.group
	                                                            | - | -
	keeper  administrator  owner                                | + | +
	keeper.group  administrator.group  owner.group              | - | +
	`
)

// Members, groups and roles exist only at organization level: their tables have one column.
const (
	// To create, edit or delete a member or a custom role. The letter is the role of the member or, for a custom role, the
	// built-in role with the same permissions.
	tableAlterMember = `
	none  clerk  reader  viewer  member  manager  writer  stopper  elsewhere
	clerk.group  reader.group  viewer.group  member.group  manager.group  writer.group  stopper.group
	keeper.group  administrator.group  owner.group              | -
	keeper                                                      | n
	administrator                                               | a
	owner                                                       | o
	`

	// To raise the role of a member from none.
	tableRaiseMember = `
	none  clerk  reader  viewer  member  manager  writer  stopper  keeper  elsewhere
	clerk.group  reader.group  viewer.group  member.group  manager.group  writer.group  stopper.group
	keeper.group  administrator.group  owner.group              | -
	administrator                                               | a
	owner                                                       | o
	`

	// To list and show the personal tokens of another member. The role of the member makes no difference.
	tableShowPersonal = `
	none  clerk  reader  viewer  member  manager  writer  stopper  elsewhere
	clerk.group  reader.group  viewer.group  member.group  manager.group  writer.group  stopper.group
	keeper.group  administrator.group  owner.group              | -
	keeper  administrator  owner                                | +
	`

	// To delete one. The letter is the role of the member.
	tableDeletePersonal = `
	none  clerk  reader  viewer  member  manager  writer  stopper  elsewhere
	clerk.group  reader.group  viewer.group  member.group  manager.group  writer.group  stopper.group
	keeper.group  administrator.group  owner.group              | -
	keeper                                                      | n
	administrator                                               | a
	owner                                                       | o
	`

	// To disable, enable, hold or release one, and to release one's own.
	tableStopPersonal = `
	none  clerk  reader  viewer  member  manager  writer  elsewhere
	clerk.group  reader.group  viewer.group  member.group  manager.group  writer.group  stopper.group
	keeper.group  administrator.group  owner.group              | -
	stopper  keeper  administrator  owner                       | +
	`

	// To create one, whatever the role of the member.
	tableCreatePersonal = `
	none  clerk  reader  viewer  member  manager  administrator  writer  stopper  keeper  elsewhere
	clerk.group  reader.group  viewer.group  member.group  manager.group  writer.group  stopper.group
	keeper.group  administrator.group  owner.group              | -
	owner                                                       | +
	`

	// Everything else with one's own personal tokens.
	tableOwnPersonal = `
	none  clerk  reader  viewer  member  manager  administrator  owner  writer  stopper  keeper  elsewhere
	clerk.group  reader.group  viewer.group  member.group  manager.group  writer.group  stopper.group
	keeper.group  administrator.group  owner.group              | +
	`

	// To list and show the members.
	tableListMembers = `
	none  clerk  reader  viewer  member  manager  writer  stopper
	clerk.group  reader.group  viewer.group  member.group  manager.group  writer.group  stopper.group
	viewer.elsewhere  member.elsewhere  manager.elsewhere  stopper.elsewhere
	                                                            | -
	keeper            administrator            owner
	keeper.group      administrator.group      owner.group
	keeper.elsewhere  administrator.elsewhere  owner.elsewhere  | +
	`

	// Everything else with groups, and to list and show the roles.
	tableOrganization = `
	none  clerk  reader  viewer  member  manager  writer  stopper  elsewhere
	clerk.group  reader.group  viewer.group  member.group  manager.group  writer.group  stopper.group
	keeper.group  administrator.group  owner.group              | -
	keeper  administrator  owner                                | +
	`

	// To prune the events.
	tableOwner = `
	none  clerk  reader  viewer  member  manager  administrator  writer  stopper  keeper  elsewhere
	clerk.group  reader.group  viewer.group  member.group  manager.group  writer.group  stopper.group
	keeper.group  administrator.group  owner.group              | -
	owner                                                       | +
	`
)

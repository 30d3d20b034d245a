package backendtest

import "github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"

// testMarks asks for the marks of the database, by which callers judge whether it is the one that they have seen.
func testMarks(w *world) {
	ctx := w.Context()
	w.group("first")
	var seen []tokens.Mark
	for _, name := range []string{"payments", "audit", "shop"} {
		w.group(name)
		seen = append(seen, w.newest())
	}
	newest := seen[len(seen)-1]
	all := must(w.Marks(ctx, 0, 0))(w)
	w.equal("the newest mark", all.Newest, newest)
	w.equal("the first serial", all.First, int64(1))
	w.equal("how many there are", int64(len(all.Values)), newest.Serial)
	for _, mark := range seen {
		past, known := all.Past(mark)
		w.equal("the range knows of the mark", known, true)
		w.succeed(past.Check(mark))
	}
	some := must(w.Marks(ctx, seen[1].Serial, 1))(w)
	w.equal("one mark", some, tokens.MarkRange{
		Location: some.Location, Newest: newest, First: seen[1].Serial, Values: []string{seen[1].Value},
	})
	w.equal("none after the newest", len(must(w.Marks(ctx, newest.Serial+1, 0))(w).Values), 0)
	_, err := w.Marks(ctx, -1, 0)
	w.equal("the field", w.refusal(err, tokens.CodeInvalid).Field, "first")
	_, err = w.Marks(ctx, 1, tokens.MostMarks+1)
	w.equal("the field", w.refusal(err, tokens.CodeInvalid).Field, "limit")

	must(w.CreateMember(ctx, tokens.NewMember{Email: "none@example.com", MemberSettings: tokens.MemberSettings{
		Grants: tokens.Grants{Role: tokens.RoleNone}}}))(w)
	changed := w.newest()
	w.equal("what somebody without a role is told", must(w.acting("none@example.com").Marks(ctx, 1, 0))(w).Newest, changed)
}

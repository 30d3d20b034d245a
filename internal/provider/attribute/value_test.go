package attribute

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/types"
)

// A text of the backend is cleaned, since Terraform prints it as it is, and keeps the form that the state has it in.
func TestTexts(t *testing.T) {
	null, empty, windows := types.StringNull(), types.StringValue(""), types.StringValue("a\r\nb")
	for _, test := range []struct {
		what      string
		got, want types.String
	}{
		{"a name", Text("a\u202eb\n"), types.StringValue("a\ufffdb ")},
		{"a description", TextOrNull("a\n\x1b[2Jb"), types.StringValue("a\n\ufffd[2Jb")},
		{"none", OptionalText(null, ""), null},
		{"none, written as an empty text", OptionalText(empty, ""), empty},
		{"none any more", OptionalText(windows, ""), null},
		{"other line ends", OptionalText(windows, "a\nb"), windows},
		{"another text", OptionalText(windows, "a\nc"), types.StringValue("a\nc")},
	} {
		if !test.got.Equal(test.want) {
			t.Errorf("%s: got %s, want %s", test.what, test.got, test.want)
		}
	}
}

package managed

import (
	"context"
	"iter"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// List streams the objects of the resource's kind that find yields, up to the limit of the request: each with its
// identity, its state as a read would have it, and the name that people know it by. The function describe fills in the
// state and returns the name. An error ends the stream.
func List[T any](
	ctx context.Context, m *Resource, req list.ListRequest, stream *list.ListResultsStream,
	find func(tokens.Backend) iter.Seq2[T, error], describe func(T, *tfsdk.Resource) (string, diag.Diagnostics),
) {
	stream.Results = func(push func(list.ListResult) bool) {
		backend, err := m.Open()
		if err != nil {
			push(list.ListResult{Diagnostics: diag.Diagnostics{failedList(m.Kind, err)}})
			return
		}
		var count int64
		for object, err := range find(backend) {
			if err != nil {
				push(list.ListResult{Diagnostics: diag.Diagnostics{failedList(m.Kind, err)}})
				return
			}
			result := req.NewListResult(ctx)
			name, diags := describe(object, result.Resource)
			result.DisplayName, result.Diagnostics = tokens.Cleaned(name), diags
			if !diags.HasError() {
				identify(result.Resource.Raw, result.Identity, &result.Diagnostics)
			}
			if count++; !push(result) || count == req.Limit {
				return
			}
		}
	}
}

// ListNothing streams diagnostics in place of objects.
func ListNothing(stream *list.ListResultsStream, diags diag.Diagnostics) {
	stream.Results = list.ListResultsStreamDiagnostics(diags)
}

// Each goes through objects that the backend answered at once.
func Each[T any](objects []T, err error) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if err != nil {
			var none T
			yield(none, err)
			return
		}
		for _, object := range objects {
			if !yield(object, nil) {
				return
			}
		}
	}
}

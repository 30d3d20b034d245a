package managed

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/latchkey-dev/terraform-provider-latchkey/internal/provider/diagnostics"
	"github.com/latchkey-dev/terraform-provider-latchkey/internal/tokens"
)

// Reader is what every data source is built on: the connection to the backend, and the steps that all of them share.
type Reader struct{ *Connection }

// Configure takes the connection from the provider. Terraform also calls it before the provider is configured.
func (r *Reader) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	r.Connection = connectionFrom(req.ProviderData, &resp.Diagnostics)
}

// Ask returns the backend's answer to a question.
func Ask[T any](r *Reader, question func(tokens.Backend) (T, error)) (answer T, err error) {
	backend, err := r.Open()
	if err != nil {
		return answer, err
	}
	return question(backend)
}

// AskForList returns a list of objects of a kind from the backend. A database that was never made holds none.
func AskForList[T any](
	r *Reader, kind tokens.Kind, diags *diag.Diagnostics, question func(tokens.Backend) (T, error),
) T {
	answer, err := Ask(r, question)
	if err != nil {
		diags.Append(failedList(kind, err))
	}
	return answer
}

// failedList is the diagnostic for a list that the backend didn't answer: a warning where there is no database yet.
func failedList(kind tokens.Kind, err error) diag.Diagnostic {
	if tokens.ErrorReason(err) == tokens.ReasonNoDatabase {
		return diag.NewWarningDiagnostic("There is no database yet",
			"The list is empty for that reason alone, as before the first apply of a new configuration. Where there should "+
				"be a database, check its path: "+diagnostics.Explain(err))
	}
	return diagnostics.FailedList(kind, err)
}

// NotThere turns the error of a look-up in a database that was never made into one that says that the object doesn't
// exist.
func NotThere(err error, kind tokens.Kind, id string) error {
	if tokens.ErrorReason(err) != tokens.ReasonNoDatabase {
		return err
	}
	missing := tokens.NotFound(kind, id)
	missing.Reason, missing.Err = tokens.ReasonNoDatabase, err
	return missing
}

// NoMatch is the error of a look-up by anything but the identifier, if nothing matches. The cause is nil, or says that
// the database was never made.
func NoMatch(field string, cause error, format string, args ...any) error {
	missing := tokens.Invalid(field, format, args...)
	missing.Code, missing.Reason, missing.Err = tokens.CodeNotFound, tokens.ErrorReason(cause), cause
	return missing
}

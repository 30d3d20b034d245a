package cli

// showVersion shows the version.
type showVersion struct{}

// Run prints the version.
func (showVersion) Run(app *app) error { return app.printLine(versionText(app.Version)) }

func versionText(version string) string { return "latchkey " + version }

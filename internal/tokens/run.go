package tokens

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// RunVariable is the environment variable that names the run of a pipeline which a process belongs to.
const RunVariable = "LATCHKEY_RUN"

// maxRun is the length of the name of a run, in characters.
const maxRun = 256

// ClaimedRun returns which run of a pipeline the environment of a process names, so that a person can follow it: the
// value of RunVariable, else what the systems set that run pipelines. It is empty where there is none. Whoever starts
// the process sets its environment, so this is a claim, and what would deceive its readers, or tell a secret, is none.
func ClaimedRun(lookup func(string) (string, bool)) string {
	get := func(name string) string {
		value, _ := lookup(name)
		return cleanRun(value)
	}
	for _, named := range []func(get func(string) string) string{ownRun, hcpRun, atlantisRun, gitHubRun, gitLabRun} {
		if run := named(get); run != "" && run == cleanRun(run) {
			return run
		}
	}
	return ""
}

// Addresses may carry a credential: before the host, or in what follows the path.
var (
	userOfAddress  = regexp.MustCompile(`://[^/\s?#]*@`)
	queryOfAddress = regexp.MustCompile(`(://[^\s?#]*)[?#]\S*`)
)

// cleanRun returns the name of a run as it is stored and shown; empty for what can't be one.
func cleanRun(claimed string) string {
	run := strings.TrimSpace(Cleaned(Normal(claimed)))
	run = queryOfAddress.ReplaceAllString(userOfAddress.ReplaceAllString(run, "://"), "$1")
	if utf8.RuneCountInString(run) > maxRun || strings.ContainsRune(run, utf8.RuneError) || redact(run) != run ||
		validateText("", run, false) != nil {
		return ""
	}
	return run
}

// ownRun is the run that somebody named.
func ownRun(get func(string) string) string { return get(RunVariable) }

// hcpRun is the run of HCP Terraform or Terraform Enterprise. Its environment does not say at which address.
func hcpRun(get func(string) string) string {
	run, workspace := get("TFC_RUN_ID"), get("TFC_WORKSPACE_SLUG")
	if run == "" || workspace == "" {
		return run
	}
	return workspace + " " + run
}

// atlantisDirectory is where Atlantis checks a pull request out: <data>/repos/<repository>/<number>/<workspace>.
var atlantisDirectory = regexp.MustCompile(`/repos/(.+?)/([0-9]+)/`)

// atlantisRun is the pull request for which Atlantis works. Only its custom steps are told the address of that.
func atlantisRun(get func(string) string) string {
	if get("ATLANTIS_TERRAFORM_VERSION") == "" {
		return ""
	}
	if address := get("PULL_URL"); address != "" {
		return address
	}
	repository, number := "", get("PULL_NUM")
	if owner, name := get("BASE_REPO_OWNER"), get("BASE_REPO_NAME"); owner != "" && name != "" {
		repository = owner + "/" + name
	}
	if found := atlantisDirectory.FindStringSubmatch(get("DIR") + "/"); found != nil && (repository == "" || number == "") {
		repository, number = found[1], found[2]
	}
	if repository == "" || number == "" {
		return ""
	}
	return "Atlantis " + repository + " pull " + number
}

// gitHubRun is the run of GitHub Actions, and which attempt at it, from the second one on.
func gitHubRun(get func(string) string) string {
	server, repository, run := get("GITHUB_SERVER_URL"), get("GITHUB_REPOSITORY"), get("GITHUB_RUN_ID")
	if get("GITHUB_ACTIONS") != "true" || repository == "" || run == "" {
		return ""
	}
	if server == "" {
		return repository + " run " + run
	}
	address := server + "/" + repository + "/actions/runs/" + run
	if attempt := get("GITHUB_RUN_ATTEMPT"); attempt != "" && attempt != "1" {
		address += "/attempts/" + attempt
	}
	return address
}

// gitLabRun is the job of GitLab CI.
func gitLabRun(get func(string) string) string {
	if get("GITLAB_CI") != "true" {
		return ""
	}
	if job := get("CI_JOB_URL"); job != "" {
		return job
	}
	return get("CI_PIPELINE_URL")
}

package managed

import "testing"

func TestMeantRole(t *testing.T) {
	for name, want := range map[string]string{
		"admin": "administrator", "administrators": "administrator", "admnistrator": "administrator", "view": "viewer",
		"viewr": "viewer", "owners": "owner", "onwer": "owner", "members": "member", "manger": "manager",
		"Viewer": "viewer", "OWNER": "owner", "Admin": "administrator", "readonly": "", "Deployer": "",
		"administrator": "", "none": "", "deployer": "", "clerk": "", "nope": "", "": "", "a": "", "auditor": "",
	} {
		if got := meantRole(name); got != want {
			t.Errorf("%q is taken for %q, want %q", name, got, want)
		}
	}
}

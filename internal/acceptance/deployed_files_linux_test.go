package acceptance

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// TestSystemdUnitOfNode runs what examples/deploy/latchkey.service runs with the drop-in of a node.
func TestSystemdUnitOfNode(t *testing.T) {
	d := newDeployment(t)
	d.latchkey("bootstrap", "--organization", "acme", "--output", d.path("owner.token")).exits(0)
	unit := readUnit(d.deployFile("latchkey.service") + d.nodeFile("latchkey.conf"))
	if len(unit["StateDirectory"]) > 0 {
		t.Error("a node has a folder for a database file")
	}
	credential, path, _ := strings.Cut(unit.one(t, "LoadCredential"), ":")
	folder := d.secretsFolder()
	for _, variable := range unit["Environment"] {
		d.env = append(d.env, strings.NewReplacer("%d/"+credential, filepath.Join(folder, filepath.Base(path)),
			"db.acme.example:5432", "localhost:"+d.server.Port, "/etc/latchkey", folder).Replace(variable))
	}
	args := strings.Fields(unit.one(t, "ExecStart"))
	unit.waitsForDrain(t, args)
	address := freeAddress(t)
	for from, to := range map[string]string{":8080": address, "10s": "0s"} {
		args[slices.Index(args, from)] = to
	}
	s := startBackground(t, d.command(binary(t), args[1:]...), address)
	s.awaits("http://"+address+"/readyz", http.StatusOK)
	s.stop()
	d.readBySystemd(map[string]string{"postgresql.conf": d.nodeFile("latchkey.conf")})
}

// secretsFolder makes a folder with the password file and the certificate of the database under the names of the guide.
func (d *deployment) secretsFolder() string {
	d.t.Helper()
	folder := d.t.TempDir()
	for name, path := range map[string]string{"pgpass": d.path("pgpass"), "database.crt": d.server.Authority} {
		content, err := os.ReadFile(path)
		if err != nil {
			d.t.Fatal(err)
		}
		writeTo(d.t, folder, name, string(content))
	}
	return folder
}

// What examples/deploy/nodes/kubernetes.yaml says of each object, and no more: a misspelled field is an error.
type (
	kubernetesMetadata struct {
		Name      string
		Namespace string
		Labels    map[string]string
	}
	kubernetesLabels struct {
		MatchLabels map[string]string `yaml:"matchLabels"`
	}
	kubernetesDeployment struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Metadata   kubernetesMetadata
		Spec       struct {
			Replicas int
			Selector kubernetesLabels
			Strategy struct {
				Type          string
				RollingUpdate struct {
					MaxSurge       int `yaml:"maxSurge"`
					MaxUnavailable int `yaml:"maxUnavailable"`
				} `yaml:"rollingUpdate"`
			}
			Template struct {
				Metadata kubernetesMetadata
				Spec     kubernetesPod
			}
		}
	}
	kubernetesPod struct {
		AutomountServiceAccountToken bool `yaml:"automountServiceAccountToken"`
		EnableServiceLinks           bool `yaml:"enableServiceLinks"`
		SecurityContext              struct {
			RunAsNonRoot   bool `yaml:"runAsNonRoot"`
			RunAsUser      int  `yaml:"runAsUser"`
			RunAsGroup     int  `yaml:"runAsGroup"`
			FSGroup        int  `yaml:"fsGroup"`
			SeccompProfile struct {
				Type string
			} `yaml:"seccompProfile"`
		} `yaml:"securityContext"`
		TopologySpreadConstraints []struct {
			MaxSkew           int              `yaml:"maxSkew"`
			TopologyKey       string           `yaml:"topologyKey"`
			WhenUnsatisfiable string           `yaml:"whenUnsatisfiable"`
			LabelSelector     kubernetesLabels `yaml:"labelSelector"`
		} `yaml:"topologySpreadConstraints"`
		TerminationGracePeriodSeconds int `yaml:"terminationGracePeriodSeconds"`
		Containers                    []kubernetesContainer
		Volumes                       []struct {
			Name   string
			Secret struct {
				SecretName  string `yaml:"secretName"`
				DefaultMode int    `yaml:"defaultMode"`
			}
		}
	}
	kubernetesContainer struct {
		Name  string
		Image string
		Args  []string
		Env   []struct{ Name, Value string }
		Ports []struct {
			Name          string
			ContainerPort int `yaml:"containerPort"`
		}
		ReadinessProbe  kubernetesProbe `yaml:"readinessProbe"`
		LivenessProbe   kubernetesProbe `yaml:"livenessProbe"`
		Resources       struct{ Requests, Limits map[string]string }
		SecurityContext struct {
			AllowPrivilegeEscalation bool `yaml:"allowPrivilegeEscalation"`
			ReadOnlyRootFilesystem   bool `yaml:"readOnlyRootFilesystem"`
			Capabilities             struct{ Drop []string }
		} `yaml:"securityContext"`
		VolumeMounts []struct {
			Name      string
			MountPath string `yaml:"mountPath"`
			ReadOnly  bool   `yaml:"readOnly"`
		} `yaml:"volumeMounts"`
	}
	kubernetesProbe struct {
		HTTPGet          struct{ Path, Port, Scheme string } `yaml:"httpGet"`
		PeriodSeconds    int                                 `yaml:"periodSeconds"`
		FailureThreshold int                                 `yaml:"failureThreshold"`
	}
	kubernetesDisruptionBudget struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Metadata   kubernetesMetadata
		Spec       struct {
			MaxUnavailable int `yaml:"maxUnavailable"`
			Selector       kubernetesLabels
		}
	}
	kubernetesService struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Metadata   kubernetesMetadata
		Spec       struct {
			Selector map[string]string
			Ports    []struct {
				Name       string
				Port       int
				TargetPort string `yaml:"targetPort"`
			}
		}
	}
	kubernetesNetworkPolicy struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string
		Metadata   kubernetesMetadata
		Spec       struct {
			PodSelector kubernetesLabels `yaml:"podSelector"`
			PolicyTypes []string         `yaml:"policyTypes"`
			Ingress     []struct {
				From []struct {
					NamespaceSelector kubernetesLabels `yaml:"namespaceSelector"`
				}
				Ports []struct{ Port string }
			}
		}
	}
)

// TestKubernetesManifest reads examples/deploy/nodes/kubernetes.yaml, and runs what it runs, with what it mounts.
func TestKubernetesManifest(t *testing.T) {
	d := newDeployment(t)
	var deployed kubernetesDeployment
	var budget kubernetesDisruptionBudget
	var service kubernetesService
	var policy kubernetesNetworkPolicy
	documents := yaml.NewDecoder(strings.NewReader(d.nodeFile("kubernetes.yaml")))
	documents.KnownFields(true)
	for _, object := range []any{&deployed, &budget, &service, &policy} {
		if err := documents.Decode(object); err != nil {
			t.Fatalf("%T: %s", object, err)
		}
	}
	if err := documents.Decode(new(any)); !errors.Is(err, io.EOF) {
		t.Errorf("there is a further object, or %v", err)
	}
	pod := deployed.Spec.Template.Spec
	container := pod.Containers[0]
	labels := deployed.Spec.Template.Metadata.Labels
	for name, selected := range map[string]map[string]string{
		"deployment": deployed.Spec.Selector.MatchLabels, "budget": budget.Spec.Selector.MatchLabels,
		"service": service.Spec.Selector, "network policy": policy.Spec.PodSelector.MatchLabels,
		"spread": pod.TopologySpreadConstraints[0].LabelSelector.MatchLabels,
	} {
		if !maps.Equal(selected, labels) {
			t.Errorf("the %s selects %v, and the pods are %v", name, selected, labels)
		}
	}
	if deployed.Spec.Replicas < 2 || budget.Spec.MaxUnavailable >= deployed.Spec.Replicas ||
		deployed.Spec.Strategy.RollingUpdate.MaxUnavailable != 0 || deployed.Spec.Strategy.RollingUpdate.MaxSurge == 0 {
		t.Error("not one node stays")
	}
	if c := container.SecurityContext; !pod.SecurityContext.RunAsNonRoot || pod.SecurityContext.RunAsUser == 0 ||
		pod.SecurityContext.SeccompProfile.Type != "RuntimeDefault" || pod.AutomountServiceAccountToken ||
		c.AllowPrivilegeEscalation || !c.ReadOnlyRootFilesystem || !slices.Equal(c.Capabilities.Drop, []string{"ALL"}) {
		t.Error("the container has more rights than it needs")
	}
	if len(pod.Volumes) != len(container.VolumeMounts) {
		t.Errorf("%d volumes are mounted at %d places", len(pod.Volumes), len(container.VolumeMounts))
	}
	for i, volume := range pod.Volumes {
		if volume.Name != container.VolumeMounts[i].Name || volume.Secret.DefaultMode != 0o440 {
			t.Errorf("%s is mounted as %s with mode %o", volume.Name, container.VolumeMounts[i].Name, volume.Secret.DefaultMode)
		}
	}
	d.runsContainer(pod, container, service.Spec.Ports[0].TargetPort)
}

// runsContainer runs a container of a pod, asks at its ports as the probes do, and has it end.
func (d *deployment) runsContainer(pod kubernetesPod, container kubernetesContainer, public string) {
	d.t.Helper()
	d.latchkey("bootstrap", "--organization", "acme", "--output", d.path("owner.token")).exits(0)
	token := issue(d.t, d.owner(), nil)
	secrets, certificates := d.secretsFolder(), d.t.TempDir()
	for name, path := range map[string]string{"tls.crt": d.server.Authority, "tls.key": d.server.Key} {
		content, err := os.ReadFile(path)
		if err != nil {
			d.t.Fatal(err)
		}
		writeTo(d.t, certificates, name, string(content))
	}
	mounted := strings.NewReplacer(container.VolumeMounts[0].MountPath+"/", secrets+"/", container.VolumeMounts[1].MountPath+"/",
		certificates+"/", "db.acme.example:5432", "localhost:"+d.server.Port)
	for _, variable := range container.Env {
		d.env = append(d.env, variable.Name+"="+mounted.Replace(variable.Value))
	}
	addresses := map[string]string{}
	args := slices.Clone(container.Args)
	for i, arg := range args {
		for _, port := range container.Ports {
			if flag, ok := strings.CutSuffix(arg, fmt.Sprintf("=:%d", port.ContainerPort)); ok {
				addresses[port.Name] = freeAddress(d.t)
				arg = flag + "=" + addresses[port.Name]
			}
		}
		if text, ok := strings.CutPrefix(arg, "--drain="); ok {
			drain, err := time.ParseDuration(text)
			grace := time.Duration(pod.TerminationGracePeriodSeconds) * time.Second
			if err != nil || grace < drain+20*time.Second {
				d.t.Errorf("Kubernetes waits %s for a server that drains for %s", grace, drain)
			}
			arg = "--drain=0s"
		}
		args[i] = mounted.Replace(arg)
	}
	s := startBackground(d.t, d.command(binary(d.t), args...), addresses[public])
	client := d.client()
	asked := func(name, path, value string, status int) {
		d.t.Helper()
		_, port, _ := strings.Cut(addresses[name], ":")
		var got reply
		for end := time.Now().Add(patience); got.status != status && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
			got, _ = ask(d.t.Context(), client, http.MethodGet, "https://localhost:"+port+path, value, "")
		}
		if got.status != status {
			d.t.Errorf("port %s answers %s with %d:\n%s", name, path, got.status, s.log())
		}
	}
	for _, probe := range []kubernetesProbe{container.ReadinessProbe, container.LivenessProbe} {
		if probe.HTTPGet.Scheme != "HTTPS" {
			d.t.Errorf("the probe of %s is plain HTTP", probe.HTTPGet.Path)
		}
		asked(probe.HTTPGet.Port, probe.HTTPGet.Path, "", http.StatusOK)
	}
	if container.ReadinessProbe.HTTPGet.Path != "/readyz" || container.LivenessProbe.HTTPGet.Path != "/healthz" {
		d.t.Error("the probes ask for something else than whether the server may be asked, and whether it lives")
	}
	asked(public, authenticate, token.value, http.StatusOK)
	client.CloseIdleConnections()
	s.stop()
}

// Package helm renders the chart of the folder nudge. It is a module of its own, so that programs that use Nudge do not get
// its dependencies.
package helm

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/common/util"
	chart "helm.sh/helm/v4/pkg/chart/v2"
	"helm.sh/helm/v4/pkg/chart/v2/loader"
	"helm.sh/helm/v4/pkg/engine"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	policy "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/validation/field"
	"k8s.io/client-go/kubernetes/scheme"
)

// longestStop is how many seconds a node may take to stop; see docs/operations.md.
const longestStop = 22

// render renders the chart with values beside its own, and decodes each object strictly.
func render(t *testing.T, values map[string]any) ([]runtime.Object, error) {
	t.Helper()
	c := load(t)
	all, err := util.ToRenderValues(c, values, common.ReleaseOptions{Name: "shop", Namespace: "default", Revision: 1, IsInstall: true}, common.DefaultCapabilities)
	if err != nil {
		return nil, err
	}
	texts, err := engine.Engine{Strict: true}.RenderWithContext(t.Context(), c, all)
	if err != nil {
		return nil, err
	}
	decoder := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	var objects []runtime.Object
	for _, file := range slices.Sorted(maps.Keys(texts)) {
		if filepath.Ext(file) != ".yaml" {
			continue
		}
		for _, text := range strings.Split(texts[file], "\n---\n") {
			if strings.TrimSpace(text) == "" {
				continue
			}
			object, _, err := decoder.Decode([]byte(text), nil, nil)
			if err != nil {
				t.Fatalf("%s: %v\n%s", file, err, text)
			}
			objects = append(objects, object)
		}
	}
	return objects, nil
}

func load(t *testing.T) *chart.Chart {
	t.Helper()
	c, err := loader.Load("nudge")
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	return c
}

// cluster is what the chart made, by kind.
type cluster struct {
	t          *testing.T
	deployment *apps.Deployment
	services   []*core.Service
	files      *core.ConfigMap           // nil: the project is in the image
	policy     *networking.NetworkPolicy // nil: there is none
	budget     *policy.PodDisruptionBudget
}

func rendered(t *testing.T, values map[string]any) *cluster {
	t.Helper()
	objects, err := render(t, values)
	if err != nil {
		t.Fatal(err)
	}
	c := &cluster{t: t}
	for _, object := range objects {
		switch o := object.(type) {
		case *apps.Deployment:
			c.deployment = o
		case *core.Service:
			c.services = append(c.services, o)
		case *core.ConfigMap:
			c.files = o
		case *networking.NetworkPolicy:
			c.policy = o
		case *policy.PodDisruptionBudget:
			c.budget = o
		default:
			t.Errorf("nobody looks at %T", o)
		}
	}
	if c.deployment == nil || len(c.services) != 2 || c.budget == nil {
		t.Fatalf("objects are missing: %+v", c)
	}
	c.selects()
	c.runs()
	return c
}

func (c *cluster) container() *core.Container { return &c.deployment.Spec.Template.Spec.Containers[0] }

// selects holds that everything that selects pods selects those of the Deployment.
func (c *cluster) selects() {
	c.t.Helper()
	pod := labels.Set(c.deployment.Spec.Template.Labels)
	selectors := map[string]map[string]string{"Deployment": c.deployment.Spec.Selector.MatchLabels, "PodDisruptionBudget": c.budget.Spec.Selector.MatchLabels}
	for _, s := range c.services {
		selectors["Service "+s.Name] = s.Spec.Selector
	}
	if c.policy != nil {
		selectors["NetworkPolicy"] = c.policy.Spec.PodSelector.MatchLabels
		selectors["peers of the NetworkPolicy"] = c.policy.Spec.Ingress[0].From[0].PodSelector.MatchLabels
	}
	for what, selector := range selectors {
		if len(selector) == 0 || !labels.SelectorFromSet(selector).Matches(pod) {
			c.t.Errorf("the %s selects %v, the pods have %v", what, selector, pod)
		}
	}
	if errs := validation.ValidateLabels(pod, field.NewPath("labels")); len(errs) > 0 {
		c.t.Error(errs)
	}
}

// runs holds how a node runs.
func (c *cluster) runs() {
	c.t.Helper()
	pod, container := &c.deployment.Spec.Template.Spec, c.container()
	if s := pod.SecurityContext; s == nil || s.RunAsNonRoot == nil || !*s.RunAsNonRoot || *s.RunAsUser != 65532 || s.SeccompProfile.Type != core.SeccompProfileTypeRuntimeDefault {
		c.t.Errorf("the pod runs as %+v", s)
	}
	if s := container.SecurityContext; s == nil || !*s.ReadOnlyRootFilesystem || *s.AllowPrivilegeEscalation || !slices.Equal(s.Capabilities.Drop, []core.Capability{"ALL"}) {
		c.t.Errorf("the container may %+v", s)
	}
	if *pod.AutomountServiceAccountToken {
		c.t.Error("the pod has a token of Kubernetes, which it does not need")
	}
	stop := container.Lifecycle.PreStop.Sleep.Seconds + longestStop
	if *pod.TerminationGracePeriodSeconds <= stop {
		c.t.Errorf("a node is killed after %d s; its stop may take %d", *pod.TerminationGracePeriodSeconds, stop)
	}
	for want, probe := range map[string]*core.Probe{"--ready": container.ReadinessProbe, "--live": container.LivenessProbe} {
		if probe == nil || !slices.Equal(probe.Exec.Command, []string{"/usr/bin/nudge", "health", want}) {
			c.t.Errorf("the probe is %+v, want nudge health %s", probe, want)
		}
	}
	if r := *c.deployment.Spec.Strategy.RollingUpdate; r.MaxUnavailable.IntValue() != 0 || r.MaxSurge.IntValue() != 1 {
		c.t.Errorf("an upgrade replaces %+v at a time", r)
	}
	volumes := map[string]bool{}
	for _, v := range pod.Volumes {
		volumes[v.Name] = true
		if v.PersistentVolumeClaim != nil {
			c.t.Errorf("a node has the volume %s, but keeps nothing", v.Name)
		}
	}
	mounted := map[string]bool{}
	for _, m := range container.VolumeMounts {
		mounted[m.MountPath] = volumes[m.Name]
	}
	if !mounted["/tmp"] || len(mounted) != len(volumes) {
		c.t.Errorf("the container has %v of the volumes %v; it must be able to write to /tmp", mounted, volumes)
	}
	ports := map[string]bool{}
	for _, p := range container.Ports {
		ports[p.Name] = true
	}
	for _, s := range c.services {
		for _, p := range s.Spec.Ports {
			if !ports[p.TargetPort.StrVal] {
				c.t.Errorf("the Service %s leads to the port %s, which the container has not", s.Name, p.TargetPort.String())
			}
		}
	}
}

func TestDefault(t *testing.T) {
	c := rendered(t, nil)
	if *c.deployment.Spec.Replicas != 3 || c.files != nil || c.policy != nil || c.budget.Spec.MaxUnavailable.IntValue() != 1 {
		t.Errorf("%+v", c)
	}
	if from := c.container().EnvFrom; len(from) != 1 || from[0].SecretRef.Name != "nudge" {
		t.Errorf("the variables come from %+v", from)
	}
	affinity := map[string]core.ServiceAffinity{}
	for _, s := range c.services {
		affinity[s.Name] = s.Spec.SessionAffinity
	}
	if want := map[string]core.ServiceAffinity{"shop-nudge": "", "shop-nudge-console": core.ServiceAffinityClientIP}; !maps.Equal(affinity, want) {
		t.Errorf("the Services keep browsers as %v, want %v", affinity, want)
	}
	if image := c.container().Image; image != "nudge:latest" {
		t.Errorf("the image is %s", image)
	}
}

// TestProject holds that the files of a project come to the pods as they are, under their names.
func TestProject(t *testing.T) {
	files, example := map[string]any{}, os.DirFS("../../examples/cluster")
	for _, form := range []string{"nudge.yaml", "flows/*", "templates/*"} {
		names, err := fs.Glob(example, form)
		if err != nil || len(names) == 0 {
			t.Fatalf("%s: %v", form, err)
		}
		for _, name := range names {
			text, err := fs.ReadFile(example, name)
			if err != nil {
				t.Fatal(err)
			}
			files[name] = string(text)
		}
	}
	c := rendered(t, map[string]any{"project": map[string]any{"files": files}})
	mounted := map[string]any{}
	for _, v := range c.deployment.Spec.Template.Spec.Volumes {
		if v.ConfigMap != nil && v.ConfigMap.Name == c.files.Name {
			for _, item := range v.ConfigMap.Items {
				mounted[item.Path] = c.files.Data[item.Key]
			}
		}
	}
	if !maps.Equal(mounted, files) {
		t.Errorf("the pods have\n%v\nwant\n%v", mounted, files)
	}
	for key := range c.files.Data {
		if errs := validation.ValidateLabelName(key, field.NewPath("data")); len(errs) > 0 { // the same letters
			t.Error(errs)
		}
	}
	before := c.deployment.Spec.Template.Annotations["nudge/project"]
	files["flows/cluster.yaml"] = files["flows/cluster.yaml"].(string) + "# changed\n"
	if after := rendered(t, map[string]any{"project": map[string]any{"files": files}}).deployment.Spec.Template.Annotations["nudge/project"]; after == before {
		t.Error("a change of the project starts no node anew")
	}
}

func TestAllValues(t *testing.T) {
	c := rendered(t, map[string]any{
		"replicas": 5, "secret": "nudge-secrets", "clusterPort": 8090, "maxUnavailable": 2, "preStopSeconds": 10, "terminationGracePeriodSeconds": 90,
		"image":         map[string]any{"repository": "registry.example.com/shop/nudge", "tag": "v1.2.3", "pullSecrets": []any{map[string]any{"name": "registry"}}},
		"env":           []any{map[string]any{"name": "GOMAXPROCS", "value": "4"}},
		"service":       map[string]any{"type": "LoadBalancer", "port": 9000, "extraPorts": []any{map[string]any{"name": "webhooks", "port": 9001}}},
		"networkPolicy": map[string]any{"enabled": true, "from": []any{map[string]any{"namespaceSelector": map[string]any{"matchLabels": map[string]any{"team": "shop"}}}}},
		"resources":     map[string]any{"requests": map[string]any{"cpu": "2", "memory": "1Gi"}},
		"nodeSelector":  map[string]any{"disk": "ssd"}, "podAnnotations": map[string]any{"prometheus.io/scrape": "true"},
		"tolerations": []any{map[string]any{"key": "shop", "operator": "Exists"}},
		"affinity":    map[string]any{"podAntiAffinity": map[string]any{"requiredDuringSchedulingIgnoredDuringExecution": []any{map[string]any{"topologyKey": "kubernetes.io/hostname"}}}},
	})
	pod := c.deployment.Spec.Template.Spec
	if c.container().Image != "registry.example.com/shop/nudge:v1.2.3" || pod.ImagePullSecrets[0].Name != "registry" || pod.NodeSelector["disk"] != "ssd" ||
		len(pod.Tolerations) != 1 || pod.Affinity.PodAntiAffinity == nil || c.deployment.Spec.Template.Annotations["prometheus.io/scrape"] != "true" {
		t.Errorf("the pod is %+v", pod)
	}
	if cpu := c.container().Resources.Requests[core.ResourceCPU]; cpu.Cmp(resource.MustParse("2")) != 0 {
		t.Errorf("it requests %v", c.container().Resources)
	}
	environment := map[string]string{}
	for _, e := range c.container().Env {
		environment[e.Name] = e.Value
	}
	if environment["GOMAXPROCS"] != "4" || environment["NUDGE_SERVER"] != "http://127.0.0.1:9000" {
		t.Errorf("its variables are %v", environment)
	}
	var open [][]string
	for _, rule := range c.policy.Spec.Ingress {
		var of []string
		for _, p := range rule.Ports {
			of = append(of, p.Port.String())
		}
		open = append(open, of)
	}
	if got, want := fmt.Sprint(open), "[[8090] [9000 9001]]"; got != want || c.policy.Spec.Ingress[1].From[0].NamespaceSelector.MatchLabels["team"] != "shop" {
		t.Errorf("the NetworkPolicy opens %s, want %s: %+v", got, want, c.policy.Spec.Ingress)
	}
}

// TestWrongValues holds that what cannot work is refused before anything is installed.
func TestWrongValues(t *testing.T) {
	for want, values := range map[string]map[string]any{
		"networkPolicy needs clusterPort":   {"networkPolicy": map[string]any{"enabled": true}},
		"project.files has no nudge.yaml":   {"project": map[string]any{"files": map[string]any{"flows/a.yaml": "flow: a"}}},
		"additional properties 'replica'":   {"replica": 3},
		"minimum: got 10, want 30":          {"terminationGracePeriodSeconds": 10},
		"value must be one of 'ClusterIP',": {"service": map[string]any{"type": "ExternalName"}},
	} {
		if _, err := render(t, values); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v, want %q", values, err, want)
		}
	}
}

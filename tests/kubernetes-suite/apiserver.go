// Command apiserver runs a Kubernetes API server (k8s.io/apiextensions-apiserver) on a cluster whose leader is killed again and again. Writers change
// objects of a custom resource, an informer follows them, lists read them whole and in pages.
//
// It ends with 1 when a list is not whole, a reader goes back, the informer differs from the API server in the end, a write that was answered is lost, or a
// request fails for anything but the end of the process that its connection led to.
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/client/clientset/clientset"
	servertesting "k8s.io/apiextensions-apiserver/pkg/cmd/server/testing"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

const (
	members   = 3
	writers   = 20
	objects   = 200
	page      = 30
	killEvery = 4 * time.Second
	awayFor   = 3 * time.Second
)

var resource = schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "things"}

func main() {
	server := flag.String("server", "", "program that serves as etcd, with its first arguments")
	duration := flag.Duration("for", 40*time.Second, "how long the writers write")
	kills := flag.Bool("kills", true, "kill the leader again and again")
	flag.Parse()
	folder, err := os.MkdirTemp("", "apiserver-")
	must(err)
	cluster := newCluster(strings.Fields(*server), folder)
	failed := run(cluster, folder, *duration, *kills)
	cluster.stop()
	_ = os.RemoveAll(folder)
	if failed {
		os.Exit(1)
	}
}

func run(cluster *cluster, folder string, duration time.Duration, kills bool) bool {
	config := startAPIServer(cluster.endpoints(), folder)
	things := defineThings(config)
	for n := range objects {
		_, err := things.Create(context.Background(), thing(n), meta.CreateOptions{})
		must(err)
	}
	follower := follow(config)

	load := &load{things: things, failures: map[string]int{}, end: time.Now().Add(duration)}
	var group sync.WaitGroup
	for w := range writers {
		group.Go(func() { load.write(w) })
	}
	group.Go(load.list)
	killed := 0
	if kills {
		killed = cluster.killLeaders(load.end)
	}
	group.Wait()

	listed := load.count()
	differing := follower.differing(listed)
	fmt.Printf("%d writes, %d lists, %d leaders killed; longest time without a write, of any writer: %v; a write: median %v, p99 %v\n",
		len(load.latencies), load.lists, killed, load.longest, load.percentile(0.5), load.percentile(0.99))
	failed := false
	complain := func(format string, arguments ...any) {
		failed = true
		fmt.Printf("FAILED: "+format+"\n", arguments...)
	}
	if differing > 0 {
		complain("%d objects differ between the informer and the API server", differing)
	}
	if backwards := follower.backwards.Load(); backwards > 0 {
		complain("the informer went back %d times", backwards)
	}
	if load.lost > 0 {
		complain("%d writes that were answered are lost", load.lost)
	}
	for text, times := range load.failures {
		if killed > 0 && strings.Contains(text, "error reading from server") {
			fmt.Printf("%d times: %s\n", times, text) // Its process is gone, and whether it wrote is not known.
		} else {
			complain("%d times: %s", times, text)
		}
	}
	return failed
}

// The cluster below the API server.

type cluster struct {
	program []string
	folder  string
	clients []string
	peers   []string
	running []*exec.Cmd
}

func newCluster(program []string, folder string) *cluster {
	c := &cluster{program: program, folder: folder, running: make([]*exec.Cmd, members)}
	for range members {
		c.clients = append(c.clients, freeURL())
		c.peers = append(c.peers, freeURL())
	}
	for n := range members {
		c.start(n)
	}
	return c
}

func (c *cluster) endpoints() string { return strings.Join(c.clients, ",") }

func (c *cluster) start(n int) {
	var initial []string
	for m, peer := range c.peers {
		initial = append(initial, fmt.Sprintf("m%d=%s", m, peer))
	}
	arguments := append(append([]string{}, c.program[1:]...),
		"--name", fmt.Sprintf("m%d", n), "--data-dir", filepath.Join(c.folder, fmt.Sprintf("m%d", n)), "--log-level", "warn",
		"--listen-client-urls", c.clients[n], "--advertise-client-urls", c.clients[n],
		"--listen-peer-urls", c.peers[n], "--initial-advertise-peer-urls", c.peers[n], "--initial-cluster", strings.Join(initial, ","))
	member := exec.Command(c.program[0], arguments...)
	log, err := os.OpenFile(filepath.Join(c.folder, fmt.Sprintf("m%d.log", n)), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	must(err)
	member.Stdout, member.Stderr = log, log
	must(member.Start())
	_ = log.Close()
	c.running[n] = member
}

func (c *cluster) kill(n int) {
	_ = c.running[n].Process.Kill()
	_ = c.running[n].Wait()
}

func (c *cluster) stop() {
	for n := range members {
		c.kill(n)
	}
}

// The number of the member that leads, or -1 when none says so.
func (c *cluster) leader() int {
	for n, endpoint := range c.clients {
		client, err := clientv3.New(clientv3.Config{Endpoints: []string{endpoint}, Logger: zap.NewNop()})
		must(err)
		ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
		status, err := client.Status(ctx, endpoint)
		cancel()
		_ = client.Close()
		if err == nil && status.Leader == status.Header.MemberId {
			return n
		}
	}
	return -1
}

func (c *cluster) killLeaders(end time.Time) int {
	killed := 0
	for time.Now().Add(killEvery).Before(end) {
		time.Sleep(killEvery) // What is simulated: the time between two failures.
		n := c.leader()
		if n < 0 {
			continue
		}
		c.kill(n)
		killed++
		time.Sleep(awayFor)
		c.start(n)
	}
	return killed
}

// What asks the API server.

type load struct {
	things    dynamic.ResourceInterface
	end       time.Time
	lock      sync.Mutex
	latencies []time.Duration
	longest   time.Duration
	failures  map[string]int
	lists     int
	lost      int
	acked     [objects]atomic.Int64
}

// Each writer has objects of its own and adds one to their counts.
func (l *load) write(writer int) {
	last := time.Now()
	for i := 0; time.Now().Before(l.end); i++ {
		n := (writer + i*writers) % objects
		began := time.Now()
		count, err := l.increment(n)
		if apierrors.IsConflict(err) {
			continue // A write without an answer was one after all.
		}
		if err != nil {
			l.fail("write", err)
			continue
		}
		l.acked[n].Store(count)
		now := time.Now()
		l.lock.Lock()
		l.latencies = append(l.latencies, now.Sub(began))
		l.longest = max(l.longest, now.Sub(last))
		l.lock.Unlock()
		last = now
	}
}

func (l *load) increment(n int) (int64, error) {
	ctx := context.Background()
	object, err := l.things.Get(ctx, nameOf(n), meta.GetOptions{})
	if err != nil {
		return 0, err
	}
	count := countOf(object)
	if acked := l.acked[n].Load(); count < acked {
		return 0, fmt.Errorf("%s is read with %d after %d was written", nameOf(n), count, acked)
	}
	must(unstructured.SetNestedField(object.Object, count+1, "spec", "count"))
	_, err = l.things.Update(ctx, object, meta.UpdateOptions{})
	return count + 1, err
}

// Lists whole and in pages, of a quorum and of the cache, until the end.
func (l *load) list() {
	for time.Now().Before(l.end) {
		for what, options := range map[string]meta.ListOptions{"list": {}, "list in pages": {Limit: page}, "list of the cache": {ResourceVersion: "0"}} {
			found, err := l.listAll(options)
			if err != nil {
				l.fail(what, err)
			} else if len(found) != objects {
				l.fail(what, fmt.Errorf("%d objects of %d", len(found), objects))
			}
		}
		l.lists++
	}
}

func (l *load) listAll(options meta.ListOptions) ([]unstructured.Unstructured, error) {
	var found []unstructured.Unstructured
	for {
		list, err := l.things.List(context.Background(), options)
		if err != nil {
			return nil, err
		}
		found = append(found, list.Items...)
		if options.Continue = list.GetContinue(); options.Continue == "" {
			return found, nil
		}
	}
}

// Lists for the last time, and counts the writes that are not there.
func (l *load) count() []unstructured.Unstructured {
	listed, err := l.listAll(meta.ListOptions{})
	must(err)
	byName := map[string]int64{}
	for _, object := range listed {
		byName[object.GetName()] = countOf(&object)
	}
	for n := range objects {
		if byName[nameOf(n)] < l.acked[n].Load() {
			l.lost++
		}
	}
	sort.Slice(l.latencies, func(i, j int) bool { return l.latencies[i] < l.latencies[j] })
	return listed
}

func (l *load) percentile(share float64) time.Duration {
	if len(l.latencies) == 0 {
		return 0
	}
	return l.latencies[int(float64(len(l.latencies)-1)*share)].Round(100 * time.Microsecond)
}

func (l *load) fail(what string, err error) {
	text := what + ": " + err.Error()
	l.lock.Lock()
	defer l.lock.Unlock()
	l.failures[text]++
}

// The informer, as controllers have one.

type follower struct {
	store     cache.Store
	backwards atomic.Int64
	changed   chan struct{}
}

func follow(config *rest.Config) *follower {
	client, err := dynamic.NewForConfig(config)
	must(err)
	factory := dynamicinformer.NewDynamicSharedInformerFactory(client, 0)
	informer := factory.ForResource(resource).Informer()
	f := &follower{store: informer.GetStore(), changed: make(chan struct{}, 1)}
	_, err = informer.AddEventHandler(cache.ResourceEventHandlerFuncs{UpdateFunc: func(before, after any) {
		if countOf(after.(*unstructured.Unstructured)) < countOf(before.(*unstructured.Unstructured)) {
			f.backwards.Add(1)
		}
		select {
		case f.changed <- struct{}{}:
		default:
		}
	}})
	must(err)
	factory.Start(nil)
	factory.WaitForCacheSync(nil)
	return f
}

// How many objects the informer does not have as listed, after it had ten seconds to follow.
func (f *follower) differing(listed []unstructured.Unstructured) int {
	deadline := time.After(10 * time.Second)
	for {
		count := 0
		for _, object := range listed {
			seen, found, _ := f.store.GetByKey(object.GetNamespace() + "/" + object.GetName())
			if !found || seen.(*unstructured.Unstructured).GetResourceVersion() != object.GetResourceVersion() {
				count++
			}
		}
		if count == 0 {
			return 0
		}
		select {
		case <-f.changed:
		case <-deadline:
			return count
		}
	}
}

// The API server.

type quiet struct{}

func (quiet) Errorf(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", arguments...)
}
func (quiet) Fatalf(format string, arguments ...any) { panic(fmt.Sprintf(format, arguments...)) }
func (quiet) Logf(string, ...any)                    {}

// It asks nobody who its callers are, but wants to be told whom it would ask.
const nobody = `{"apiVersion":"v1","kind":"Config","current-context":"a","contexts":[{"name":"a","context":{"cluster":"a","user":"a"}}],
	"clusters":[{"name":"a","cluster":{"server":"http://127.0.0.1:1"}}],"users":[{"name":"a","user":{}}]}`

func startAPIServer(endpoints, folder string) *rest.Config {
	file := filepath.Join(folder, "kubeconfig")
	must(os.WriteFile(file, []byte(nobody), 0o600))
	server, err := servertesting.StartTestServer(quiet{}, nil, []string{
		"--etcd-servers", endpoints, "--etcd-prefix", "/registry", "--authentication-skip-lookup",
		"--authentication-kubeconfig", file, "--authorization-kubeconfig", file, "--kubeconfig", file,
		"--disable-admission-plugins", "NamespaceLifecycle,MutatingAdmissionWebhook,ValidatingAdmissionWebhook,ValidatingAdmissionPolicy,MutatingAdmissionPolicy",
	}, nil)
	must(err)
	config := rest.CopyConfig(server.ClientConfig)
	config.QPS = -1 // No limit of the client's.
	return config
}

func defineThings(config *rest.Config) dynamic.ResourceInterface {
	definitions, err := clientset.NewForConfig(config)
	must(err)
	anything := true
	_, err = definitions.ApiextensionsV1().CustomResourceDefinitions().Create(context.Background(), &apiextensions.CustomResourceDefinition{
		ObjectMeta: meta.ObjectMeta{Name: resource.Resource + "." + resource.Group},
		Spec: apiextensions.CustomResourceDefinitionSpec{
			Group: resource.Group,
			Scope: apiextensions.NamespaceScoped,
			Names: apiextensions.CustomResourceDefinitionNames{Plural: resource.Resource, Singular: "thing", Kind: "Thing", ListKind: "ThingList"},
			Versions: []apiextensions.CustomResourceDefinitionVersion{{
				Name: resource.Version, Served: true, Storage: true,
				Schema: &apiextensions.CustomResourceValidation{OpenAPIV3Schema: &apiextensions.JSONSchemaProps{Type: "object", XPreserveUnknownFields: &anything}},
			}},
		},
	}, meta.CreateOptions{})
	must(err)
	client, err := dynamic.NewForConfig(config)
	must(err)
	things := client.Resource(resource).Namespace("default")
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) { // It announces to nobody that it serves the new resource.
		if _, err = things.List(context.Background(), meta.ListOptions{}); err == nil {
			return things
		}
		if time.Now().After(deadline) {
			must(err)
		}
	}
}

func thing(n int) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": resource.Group + "/" + resource.Version, "kind": "Thing",
		"metadata": map[string]any{"name": nameOf(n), "namespace": "default"},
		"spec":     map[string]any{"count": int64(0), "text": strings.Repeat("x", 500)},
	}}
}

func nameOf(n int) string { return fmt.Sprintf("thing-%d", n) }

func countOf(object *unstructured.Unstructured) int64 {
	count, _, err := unstructured.NestedInt64(object.Object, "spec", "count")
	must(err)
	return count
}

func freeURL() string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	defer listener.Close()
	return "http://" + listener.Addr().String()
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// Package testserver takes the place of the one that the tests of k8s.io/apiserver bring: it starts the program named in TEST_SERVER as a process,
// where theirs embeds etcd.
package testserver

import (
	"context"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/kubernetes"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	storagetesting "k8s.io/apiserver/pkg/storage/testing"
)

// NewTestConfig is what a test may change before it starts a server: URLs, sizes, intervals, certificates.
func NewTestConfig(t testing.TB) *embed.Config {
	config := embed.NewConfig()
	config.UnsafeNoFsync = true
	config.Dir = t.TempDir()
	if err := os.Chmod(config.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	client, peer := freeURL(t), freeURL(t)
	// Apart, as tests change them in place.
	config.ListenClientUrls, config.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	config.ListenPeerUrls, config.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	return config
}

// RunEtcd starts a server, waits until it answers, and returns a client of it that counts calls as the tests expect. Both end with the test.
func RunEtcd(t testing.TB, config *embed.Config) *kubernetes.Client {
	t.Helper()
	if config == nil {
		config = NewTestConfig(t)
	}
	start(t, config)
	tls, err := config.ClientTLSInfo.ClientConfig()
	if err != nil {
		t.Fatal(err)
	}
	var endpoints []string
	for _, u := range config.AdvertiseClientUrls {
		endpoints = append(endpoints, u.String())
	}
	client, err := kubernetes.New(clientv3.Config{
		TLS: tls, Endpoints: endpoints, DialTimeout: time.Minute, DialOptions: []grpc.DialOption{grpc.WithBlock()}, Logger: zap.NewNop(),
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if _, err := client.KV.Get(ctx, "ready"); err != nil {
		t.Fatal(err)
	}
	client.KV = storagetesting.NewKVRecorder(client.KV)
	client.Kubernetes = storagetesting.NewKubernetesRecorder(client.Kubernetes)
	return client
}

var (
	portsLock sync.Mutex
	ports     = map[int]bool{}
)

// A URL of a port that is free now and that nobody here was given before.
func freeURL(t testing.TB) url.URL {
	portsLock.Lock()
	defer portsLock.Unlock()
	for {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		port := listener.Addr().(*net.TCPAddr).Port
		_ = listener.Close()
		if !ports[port] {
			ports[port] = true
			return url.URL{Scheme: "http", Host: net.JoinHostPort("localhost", strconv.Itoa(port))}
		}
	}
}

func join(urls []url.URL) string {
	var texts []string
	for _, u := range urls {
		texts = append(texts, u.String())
	}
	return strings.Join(texts, ",")
}

func start(t testing.TB, config *embed.Config) {
	arguments := append(strings.Fields(os.Getenv("TEST_SERVER")),
		"--name", config.Name, "--data-dir", filepath.Join(config.Dir, "data"), "--unsafe-no-fsync", "--log-level", "warn",
		"--listen-client-urls", join(config.ListenClientUrls), "--advertise-client-urls", join(config.AdvertiseClientUrls),
		"--listen-peer-urls", join(config.ListenPeerUrls), "--initial-advertise-peer-urls", join(config.AdvertisePeerUrls),
		"--initial-cluster", config.InitialCluster, "--max-request-bytes", strconv.Itoa(int(config.MaxRequestBytes)))
	if interval := config.ExperimentalWatchProgressNotifyInterval; interval != 0 {
		arguments = append(arguments, "--experimental-watch-progress-notify-interval", interval.String())
	}
	if tls := config.ClientTLSInfo; tls.CertFile != "" {
		arguments = append(arguments, "--cert-file", tls.CertFile, "--key-file", tls.KeyFile)
		if tls.TrustedCAFile != "" {
			arguments = append(arguments, "--trusted-ca-file", tls.TrustedCAFile, "--client-cert-auth")
		}
	}
	server := exec.Command(arguments[0], arguments[1:]...)
	var log strings.Builder
	server.Stdout, server.Stderr = &log, &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGTERM)
		_ = server.Wait()
		if t.Failed() {
			t.Logf("the server said:\n%s", log.String())
		}
	})
}

using YamlDotNet.RepresentationModel;

namespace EndToEnd.Tests.Deploying;

/// <summary>
/// Goal: the stack with sidecars fits together before a machine that has Dapr's image sees it. Method: compose merges the files and checks them against its schema; every app id, address, setting and
/// secret in the result is looked up. That the sidecars do what they are told is not seen here.
/// </summary>
[Needs(Tool.ContainerEngine)]
public sealed class DaprOverlayTests
{
    private static readonly string s_folder = Path.Combine(Repository.Root, "deploy", "compose");
    private static readonly string[] s_variables = ["DAPR_API_TOKEN", "DAPR_GRPC_ENDPOINT"];

    [DeploymentFact]
    public async Task Overlay_LeadsFromGatewaysToEachHubAndLeaseManager()
    {
        var services = (await MergeAsync()).Get("services").Pairs().ToDictionary(static service => service.Key, static service => service.Value);
        var sidecars = services.Where(static service => service.Key.EndsWith("-dapr", StringComparison.Ordinal)).ToDictionary();
        var apps = sidecars.Values.Select(Options).Where(static options => options.ContainsKey("--app-port")).ToDictionary(static options => options["--app-id"]);
        var gateway = services["api-gateway"].Get("environment");
        Assert.Equal(
            apps.Keys.Order(StringComparer.Ordinal).Select(static app => "dapr:" + app),
            new[] { "Services__WatchHub", "Services__LeaseManager" }.SelectMany(name => gateway.Get(name).Text()!.Split(',')).Order(StringComparer.Ordinal));
        // An app is one process: its name is that of one service, which has one container.
        Assert.All(apps.Values, app =>
        {
            var service = Assert.Single(services, service => Names(service.Key, service.Value).Contains(app["--app-channel-address"]));
            Assert.Equal("1", service.Value.At("deploy", "replicas").Text());
            Assert.Equal("8080", app["--app-port"]);
        });
        Assert.All(services.Values.Except(sidecars.Values), service =>
        {
            foreach (var (name, _) in service.Get("environment").Pairs())
                Assert.Null(s_variables.Contains(name) ? null : KnownSettings.WhyUnknown(name));
            if (service.At("environment", "DAPR_GRPC_ENDPOINT").Text() is { } endpoint)
                Assert.Contains(new Uri(endpoint).Host, sidecars.Where(static sidecar => Options(sidecar.Value)["--dapr-listen-addresses"] == "0.0.0.0").Select(static sidecar => sidecar.Key));
        });
        Assert.Equal(
            ["api-gateway", "watch-hub", "watch-hub-2"],
            services.Where(static service => service.Value.At("environment", "DAPR_GRPC_ENDPOINT") is not null).Select(static service => service.Key).Order(StringComparer.Ordinal));
    }

    [DeploymentFact]
    public async Task Sidecars_AreConfinedAndReadWhatThereIs()
    {
        var stack = await MergeAsync();
        var sidecars = stack.Get("services").Pairs().Where(static service => service.Key.EndsWith("-dapr", StringComparison.Ordinal)).ToList();
        Assert.Equal(5, sidecars.Count);
        Assert.All(sidecars, static sidecar =>
        {
            Assert.Equal(
                ("true", "65532:65532", "ALL", "no-new-privileges:true"),
                (sidecar.Value.Get("read_only").Text(), sidecar.Value.Get("user").Text(), sidecar.Value.Get("cap_drop").Items().Single().Text(),
                    sidecar.Value.Get("security_opt").Items().Single().Text()));
            Assert.NotNull(sidecar.Value.At("deploy", "resources", "limits", "memory"));
            Assert.Matches(@"^daprio/daprd:\d+\.\d+\.\d+$", sidecar.Value.Get("image").Text());
            Assert.Empty(sidecar.Value.Get("ports").Items());
            var files = sidecar.Value.Get("configs").Items().Select(static config => config.Get("target").Text()).ToList();
            Assert.Contains(Options(sidecar.Value)["--config"], files);
            Assert.Contains(files, file => Path.GetDirectoryName(file) == Options(sidecar.Value)["--resources-path"]);
        });
        foreach (var (_, file) in stack.Get("configs").Pairs().Concat(stack.Get("secrets").Pairs()))
            Assert.True(File.Exists(file.Get("file").Text()), file.Get("file").Text());

        // The store, who may ask it, and who gets its file are the same hubs.
        var store = Yaml.Load(Path.Combine(s_folder, "dapr", "components", "secretstore.yaml"))[0];
        var readers = sidecars.Where(static sidecar => sidecar.Value.Get("secrets").Items().Count > 0).ToList();
        Assert.Equal(store.Get("scopes").Items().Select(static app => app.Text()), readers.Select(static sidecar => Options(sidecar.Value)["--app-id"]));
        Assert.All(readers, sidecar => Assert.Equal(
            store.At("spec", "metadata").Items().Single(static item => item.Get("name").Text() == "secretsFile").Get("value").Text(),
            sidecar.Value.Get("secrets").Items().Single().Get("target").Text()));
        Assert.Equal(store.At("metadata", "name").Text(), stack.At("services", "watch-hub", "environment", "Dapr__SecretStore").Text());
        var scope = Yaml.Load(Path.Combine(s_folder, "dapr", "config.yaml"))[0].At("spec", "secrets", "scopes").Items().Single();
        Assert.Equal(store.At("metadata", "name").Text(), scope.Get("storeName").Text());
        Assert.All(scope.Get("allowedSecrets").Items(), static secret => Assert.Null(KnownSettings.WhyUnknown(secret.Text()!.Replace(":", "__", StringComparison.Ordinal))));
    }

    private static async Task<YamlNode> MergeAsync()
    {
        await using var docker = ChildProcess.Start(
            "docker", ["compose", "--file", Path.Combine(s_folder, "compose.yaml"), "--file", Path.Combine(s_folder, "compose.dapr.yaml"), "config"]);
        Assert.True(await docker.WaitForExitAsync() == 0, docker.Err);
        var stream = new YamlStream();
        stream.Load(new StringReader(docker.Out));
        return stream.Documents[0].RootNode;
    }

    private static Dictionary<string, string> Options(YamlNode sidecar) =>
        sidecar.Get("command").Items().Select(static word => word.Text()!).Chunk(2).ToDictionary(static pair => pair[0], static pair => pair[1]);

    private static IEnumerable<string> Names(string name, YamlNode service) =>
        service.At("networks", "internal", "aliases").Items().Select(static alias => alias.Text()!).Append(name);
}

using YamlDotNet.RepresentationModel;

namespace EndToEnd.Tests.Deploying;

/// <summary>
/// Goal: the stack that a Swarm is given is the stack of compose.yaml, in the form that Swarm takes. Method: the shipped script prints it, with each overlay, through the engine's own
/// <c>docker stack config</c>, which checks it against its schema. That it runs on several machines is not seen here.
/// </summary>
[Needs(Tool.ContainerEngine, Tool.Jq)]
public sealed class SwarmTests
{
    private const string Password = "of-a-test";

    private static readonly string[] s_services = ["api-gateway", "consensus-1", "consensus-2", "consensus-3", "lease-manager", "proxy", "storage", "watch-hub"];

    [DeploymentFact]
    public async Task Stack_IsTakenWithEachOverlayAndKeepsDataWhereItIs()
    {
        var stack = await PrintAsync();
        Assert.Equal(s_services, stack.Get("services").Pairs().Select(static service => service.Key).Order());
        foreach (var (name, service) in stack.Get("services").Pairs())
        {
            Assert.Contains("internal", service.Get("networks").Pairs().Select(static network => network.Key));
            Assert.Equal("true", service.Get("read_only").Text());
            // A name stands for all tasks, unless it is published.
            Assert.Equal(name == "proxy" ? null : "dnsrr", service.At("deploy", "endpoint_mode").Text());
            if (name.StartsWith("consensus-", StringComparison.Ordinal))
                Assert.Equal($"node.labels.consensus == {name[^1]}", service.At("deploy", "placement", "constraints").Items().Single().Text());
        }
        Assert.Equal("storage-{{.Node.Hostname}}", stack.At("services", "storage", "environment", "Storage__ReplicaName").Text());
        Assert.All(stack.Get("networks").Pairs(), static network => Assert.Equal("overlay", network.Value.Get("driver").Text()));

        Assert.NotNull((await PrintAsync("compose.observability.yaml")).At("services", "prometheus"));
        Assert.Equal("https://0.0.0.0:8080", (await PrintAsync("compose.tls.yaml")).At("services", "storage", "environment", "Listen").Text());
        var feeds = await PrintAsync("compose.feeds.yaml");
        var (hub, broker) = (feeds.At("services", "watch-hub", "environment"), feeds.At("services", "rabbitmq"));
        Assert.All(hub.Pairs().Where(static one => one.Key.StartsWith("Feed__", StringComparison.Ordinal)), static one => Assert.Null(KnownSettings.WhyUnknown(one.Key)));
        Assert.Equal("amqp://rabbitmq:5672/", hub.Get("Feed__Broker").Text());
        Assert.Equal((Password, Password), (hub.Get("Feed__Password").Text(), broker.At("environment", "RABBITMQ_DEFAULT_PASS").Text()));
        Assert.Equal(hub.Get("Feed__User").Text(), broker.At("environment", "RABBITMQ_DEFAULT_USER").Text());
        Assert.Equal("node.labels.consensus == 1", broker.At("deploy", "placement", "constraints").Items().Single().Text());
    }

    private static async Task<YamlNode> PrintAsync(params string[] overlays)
    {
        await using var script = ChildProcess.Start(Path.Combine(Repository.Root, "deploy", "compose", "swarm.sh"), ["--print", "test", .. overlays], new Dictionary<string, string?>
        {
            ["BROKER_PASSWORD"] = Password,
        });
        Assert.True(await script.WaitForExitAsync() == 0, script.Err);
        var stream = new YamlStream();
        stream.Load(new StringReader(script.Out));
        return stream.Documents[0].RootNode;
    }
}

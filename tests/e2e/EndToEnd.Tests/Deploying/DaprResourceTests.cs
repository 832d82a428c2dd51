using YamlDotNet.RepresentationModel;

namespace EndToEnd.Tests.Deploying;

/// <summary>Goal: the shipped resources of Dapr's are what Dapr takes. Method: their form, and for each component the names of metadata that its reference documents.</summary>
public sealed class DaprResourceTests
{
    private static readonly Dictionary<(string Type, string Version), string[]> s_known = new()
    {
        [("state.etcd", "v2")] = ["endpoints", "keyPrefixPath", "tlsEnable", "ca", "cert", "key", "maxTxnOps", "actorStateStore"],
        [("secretstores.local.file", "v1")] = ["secretsFile", "nestedSeparator", "multiValued"],
        [("pubsub.rabbitmq", "v1")] =
        [
            "connectionString", "protocol", "hostname", "username", "password", "consumerID", "durable", "deletedWhenUnused", "autoAck", "deliveryMode", "requeueInFailure", "prefetchCount",
            "publisherConfirm", "enableDeadLetter", "concurrency", "exchangeKind", "ttlInSeconds",
        ],
    };

    public static TheoryData<string> Components() =>
        [.. Directory.EnumerateFiles(Folder, "*.yaml", SearchOption.AllDirectories).Select(static file => Path.GetRelativePath(Folder, file)).Where(static file => file != "config.yaml")];

    private static string Folder => Path.Combine(Repository.Root, "deploy", "compose", "dapr");

    [Theory]
    [MemberData(nameof(Components))]
    public void Component_HasItsFormAndKnownMetadata(string file)
    {
        var component = Assert.Single(Yaml.Load(Path.Combine(Folder, file)));
        Assert.Equal(("dapr.io/v1alpha1", "Component"), (component.Get("apiVersion").Text(), component.Get("kind").Text()));
        Assert.False(string.IsNullOrEmpty(component.At("metadata", "name").Text()));
        Assert.All(component.Pairs(), static pair => Assert.Contains(pair.Key, (string[])["apiVersion", "kind", "metadata", "spec", "scopes", "auth"]));
        var known = s_known[(component.At("spec", "type").Text()!, component.At("spec", "version").Text()!)];
        var items = component.At("spec", "metadata").Items();
        Assert.Equal(items.Count, items.Select(static item => item.Get("name").Text()).Distinct().Count());
        Assert.All(items, item =>
        {
            Assert.Contains(item.Get("name").Text(), known);
            Assert.True(item.Get("value") is YamlScalarNode != (item.At("secretKeyRef", "name") is not null && item.At("secretKeyRef", "key") is not null), "a value, or a reference to a secret");
            if (item.Get("secretKeyRef") is not null)
                Assert.False(string.IsNullOrEmpty(component.At("auth", "secretStore").Text()));
        });
    }

    [Fact]
    public void Configuration_HasItsForm()
    {
        var configuration = Assert.Single(Yaml.Load(Path.Combine(Folder, "config.yaml")));
        Assert.Equal(("dapr.io/v1alpha1", "Configuration"), (configuration.Get("apiVersion").Text(), configuration.Get("kind").Text()));
        Assert.All(configuration.Get("spec").Pairs(), static pair => Assert.Contains(pair.Key, (string[])["tracing", "secrets"]));
    }
}

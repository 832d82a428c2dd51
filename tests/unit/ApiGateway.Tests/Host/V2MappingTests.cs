using ApiGateway.Host;
using ApiGateway.Host.Cluster;
using ApiGateway.Host.Mapping;
using ApiGateway.Host.Proposing;
using ApiGateway.Tests.Fakes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Storage.Contracts;

namespace ApiGateway.Tests.Host;

/// <summary>A gateway asks for the mapping that it was told of until it knows the answer, and for none otherwise. Refusals: the lines that say why.</summary>
public sealed class V2MappingTests
{
    [Fact]
    public async Task Ensure_WithoutAPrefix_AsksForNothing()
    {
        var cluster = new FakeCluster();
        await EnsureAsync(cluster, new GatewayOptions(), static () => Task.CompletedTask);
        Assert.Empty(cluster.Proposed);
    }

    [Fact]
    public async Task Ensure_WhileNobodyAnswers_AsksAgain()
    {
        var cluster = new FakeCluster { DropProposals = true };
        await EnsureAsync(cluster, new GatewayOptions { V2MappingPrefix = "/shared", RequestTimeout = TimeSpan.FromMilliseconds(50) }, async () =>
        {
            await Wait.UntilAsync(() => cluster.Proposed.Count > 1);
            cluster.DropProposals = false;
        });
        Assert.All(cluster.Proposed, static proposed => Assert.Equal(CommandKind.MapV2, proposed.Kind));
    }

    [Theory]
    [InlineData(StorageError.V2MappedElsewhere, "/other", "v2 keys are mapped to the v3 keys below \"/other/\" already, and stay there")]
    [InlineData(StorageError.MappedKeyInvalid, "/s//a", "the v3 key \"/s//a\" below \"/s/\" can be no v2 key: its path is not clean, not UTF-8, or hidden")]
    [InlineData(StorageError.NoSpace, "", "etcdserver: mvcc: database space exceeded")]
    public void Text_OfARefusal_NamesWhatIsInTheWay(StorageError error, string subject, string text) => Assert.Equal(text, MappingRefusal.Text("/s/", error, subject));

    private static async Task EnsureAsync(FakeCluster cluster, GatewayOptions options, Func<Task> meanwhile)
    {
        var view = new ClusterView(cluster, options, TimeProvider.System, NullLogger<ClusterView>.Instance);
        using var proposer = new Proposer(cluster, cluster, view, options, TimeProvider.System, NullLogger<Proposer>.Instance);
        await proposer.StartAsync(CancellationToken.None);
        var mapping = new V2Mapping(options, proposer, new Lifetime(), TimeProvider.System, NullLogger<V2Mapping>.Instance);
        var ensured = mapping.EnsureAsync();
        await meanwhile();
        await ensured.WaitAsync(TimeSpan.FromSeconds(10));
        await proposer.StopAsync(CancellationToken.None);
    }

    // Of a host that goes on.
    private sealed class Lifetime : IHostApplicationLifetime
    {
        public CancellationToken ApplicationStarted => default;
        public CancellationToken ApplicationStopping => default;
        public CancellationToken ApplicationStopped => default;

        public void StopApplication() => throw new NotSupportedException();
    }
}

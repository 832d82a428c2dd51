using Consensus.Contracts;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Storage.Client;
using Storage.Contracts;
using Storage.Tests.Harness;
using Storage.Tests.Host;

namespace Storage.Tests.Client;

/// <summary>
/// Goal: replicas that come and go behind a name are used and forgotten, and one that is added serves only what it has caught up with. Method: replicas of
/// one log over gRPC, and a list of addresses in place of the name.
/// </summary>
#pragma warning disable CA1001 // xunit disposes through IAsyncLifetime.
public sealed class ReplicaDiscoveryTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(60));
    private readonly FakeConsensus _log = new();
    private readonly Dictionary<string, ReplicaServer> _servers = [];
    private List<string> _addresses = [];
    private ulong _sequence;

    private CancellationToken Soon => _patience.Token;

    public Task InitializeAsync() => Task.CompletedTask;

    public async Task DisposeAsync()
    {
        foreach (var server in _servers.Values)
            await server.DisposeAsync();
        _patience.Dispose();
    }

    [Fact]
    public async Task Look_ReplicaAdded_IsMovedToByThoseWhoRankItFirst()
    {
        await StartAsync("a");
        await StartAsync("b");
        foreach (var isFirst in (bool[])[true, false])
        {
            var (storage, discovery) = Use(HolderWho(isFirst, "b", "a"));
            _addresses = ["a"];
            await LookUntilAsync(discovery, storage, PlaceOf("a"));
            _addresses = ["a", "b"];
            await discovery.LookAsync(Soon);
            await LookUntilAsync(discovery, storage, isFirst ? PlaceOf("b") : PlaceOf("a"));
            Assert.Equal(StorageError.None, (await ReadAsync(storage, Put())).Error);
            storage.Dispose();
        }

        static int PlaceOf(string address) => address == "a" ? 1 : 2;
    }

    [Fact]
    public async Task Look_AddedReplicaIsBehind_IsNotMovedToBeforeItHasCaughtUp()
    {
        await StartAsync("a");
        await StartAsync("b");
        var (storage, discovery) = Use(HolderWho(true, "b", "a"));
        _addresses = ["a"];
        await LookUntilAsync(discovery, storage, 1);
        _servers["b"].Log.Sever();
        var written = Put();
        await ReadAsync(storage, written);
        _addresses = ["a", "b"];
        await discovery.LookAsync(Soon);
        Assert.Equal(1, storage.Preferred);
        _servers["b"].Log.Mend();
        await LookUntilAsync(discovery, storage, 2);
        Assert.True((await ReadAsync(storage, default)).AppliedIndex >= written);
        storage.Dispose();
    }

    [Fact]
    public async Task Look_ReplicaGone_IsReplacedByTheNextThatComes()
    {
        await StartAsync("a");
        await StartAsync("b");
        var (storage, discovery) = Use(HolderWho(true, "b", "a"));
        _addresses = ["a", "b"];
        await LookUntilAsync(discovery, storage, 2);
        _servers["b"].Cut();
        _addresses = ["a"];
        await discovery.LookAsync(Soon);
        Assert.Equal(StorageError.None, (await ReadAsync(storage, Put())).Error);
        // Addresses come and go; places do not grow in number.
        for (var i = 0; i < 20; i++)
        {
            _addresses = ["a", $"other-{i}"];
            await discovery.LookAsync(Soon);
        }
        Assert.Equal(3, storage.Places);
        Assert.Equal(StorageError.None, (await ReadAsync(storage, Put())).Error);
        storage.Dispose();
    }

    [Fact]
    public async Task Look_ReplicaInUseGoneAndAnotherCome_DoesNotPutItInTheSamePlaceUnproven()
    {
        await StartAsync("a");
        await StartAsync("b");
        var (storage, discovery) = Use(1);
        _addresses = ["a"];
        await LookUntilAsync(discovery, storage, 1);
        _servers["b"].Log.Sever();
        var written = Put();
        await ReadAsync(storage, written);
        _addresses = ["b"];
        await discovery.LookAsync(Soon);
        // Still the replica that has it all, though its name is gone.
        Assert.Equal(1, storage.Preferred);
        Assert.True((await ReadAsync(storage, default)).AppliedIndex >= written);
        storage.Dispose();
    }

    /// <summary>Whatever a replica throws, the looking goes on: nobody would start it again.</summary>
    [Fact]
    public async Task Look_ReplicaFailsInAnyWay_GoesOn()
    {
        await StartAsync("a");
        await StartAsync("b");
        var (storage, discovery) = Use(HolderWho(true, "b", "a"));
        _addresses = ["a"];
        await LookUntilAsync(discovery, storage, 1);
        var gone = _servers["b"].Connect();
        gone.Dispose();
        storage.Replace(storage.Add(gone), gone);
        var failing = new ReplicaDiscovery(storage, _ => new(["b"]), _ => gone, HolderWho(true, "b", "a"));
        await failing.LookAsync(Soon);
        Assert.Equal(1, storage.Preferred);
        storage.Dispose();
    }

    [Fact]
    public async Task Look_NameUnknownForAWhile_KeepsWhatIsKnown()
    {
        await StartAsync("a");
        var (storage, discovery) = Use(1);
        _addresses = ["a"];
        await LookUntilAsync(discovery, storage, 1);
        _addresses = [];
        await discovery.LookAsync(Soon);
        Assert.Equal(1, storage.Preferred);
        Assert.Equal(StorageError.None, (await ReadAsync(storage, Put())).Error);
        storage.Dispose();
    }

    [Theory]
    [InlineData("dns:///storage:8080", "http://storage:8080")]
    [InlineData("http://storage:8080", null)]
    [InlineData("dns:///", null)]
    [InlineData("dns:///storage:8080/path", null)]
    public void TryParse_Addresses_TakesNamesOnly(string text, string? anyAddress)
    {
        Assert.Equal(anyAddress is not null, ReplicaName.TryParse(text, out var name));
        Assert.Equal(anyAddress, name?.AnyAddress);
    }

    [Fact]
    public async Task Resolve_Loopback_GivesAddressesWithThePort()
    {
        Assert.True(ReplicaName.TryParse("dns:///127.0.0.1:81", out var name));
        Assert.Equal(["http://127.0.0.1:81"], await name.ResolveAsync(Soon));
    }

    // A look gives a replica a second, which its first connection may take on a busy machine.
    private async Task LookUntilAsync(ReplicaDiscovery discovery, ReplicatedStorage storage, int place)
    {
        do
            await discovery.LookAsync(Soon);
        while (storage.Preferred != place);
    }

    private static ulong HolderWho(bool prefersFirst, string first, string second)
    {
        for (ulong holder = 1; ; holder++)
            if (ReplicaDiscovery.Score(holder, first) > ReplicaDiscovery.Score(holder, second) == prefersFirst)
                return holder;
    }

    // Place 0 is whichever replica a connection to the name gets to.
    private (ReplicatedStorage Storage, ReplicaDiscovery Discovery) Use(ulong holder)
    {
        var storage = new ReplicatedStorage([_servers["a"].Connect()], holder, new ReplicatedStorageOptions { GiveUpAfter = TimeSpan.FromSeconds(5) });
        return (storage, new ReplicaDiscovery(
            storage, _ => new([.. _addresses]), address => _servers.TryGetValue(address, out var server) ? server.Connect() : StorageClient.Connect("http://127.0.0.1:1"), holder));
    }

    private async Task StartAsync(string address) => _servers.Add(address, await ReplicaServer.StartAsync(_log));

    private ValueTask<ReadResult> ReadAsync(ReplicatedStorage storage, LogIndex minApplied) => storage.RangeAsync(Requests.Range("a").ToByteArray(), minApplied, Soon);

    private LogIndex Put() => _log.Append(new CommandEnvelope(CommandKind.Put, new SessionId(5), ++_sequence, _sequence, 1, default).Encode(
        Requests.Put("a", $"{_sequence}").ToByteArray()));
}

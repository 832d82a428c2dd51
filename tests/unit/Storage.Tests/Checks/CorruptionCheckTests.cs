using System.Diagnostics;
using Consensus.Contracts;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Storage.Contracts;
using Storage.Core.Mvcc;
using Storage.Core.Tree;
using Storage.Host;
using Storage.Host.Checks;
using Storage.Tests.Harness;
using Storage.Tests.Host;
using Storage.Tests.Snapshots;

namespace Storage.Tests.Checks;

/// <summary>
/// Goal: a replica whose data file holds something else than the others' is found out: it refuses to start, or an alarm stops all writes. Method: services on
/// one log, one with a row that was changed behind its back.
/// </summary>
public sealed class CorruptionCheckTests
{
    private readonly FakeConsensus _consensus = new();
    private ulong _sequence;

    [Fact]
    public async Task AtStart_TheSameAsAPeer_Starts()
    {
        await using var peer = await FilledAsync(new MemoryTree());
        var tree = new MemoryTree();
        await (await FilledAsync(tree)).DisposeAsync();
        await using var own = Open(tree.AfterCrash(), [peer]);
        await own.CompareAtStartAsync(default);
    }

    [Fact]
    public async Task AtStart_ARowDiffers_Refuses()
    {
        await using var peer = await FilledAsync(new MemoryTree());
        await using var own = Open(await ChangedAsync(), [peer]);
        var differs = await Assert.ThrowsAsync<ReplicaDiffersException>(() => own.CompareAtStartAsync(default));
        Assert.Equal("b found data inconsistency with peers", differs.Message);
    }

    [Fact]
    public async Task AtStart_NobodyAnswers_Starts()
    {
        await using var own = Open(await ChangedAsync(), [new PeerDouble(null!)]);
        await own.CompareAtStartAsync(default);
    }

    [Fact]
    public async Task Running_APeerDiffers_AlarmCorruptStopsWrites()
    {
        await using var peer = Open(await ChangedAsync(), []);
        peer.Start();
        await using var own = Open(new MemoryTree(), [peer], interval: TimeSpan.FromMilliseconds(20));
        own.Start();
        using var patience = new CancellationTokenSource(StorageContractTests.Patience);
        await foreach (var _ in own.LeasesAsync(patience.Token)) // Tells of every entry that is applied.
            if ((await own.GetStatusAsync(default)).Alarms.Contains((0xbUL, 2)))
                break;
        var sink = new RecordingSink();
        using var results = await own.SubscribeResultsAsync(new SessionId(5), sink, CancellationToken.None);
        Append("late", "1");
        Assert.Equal(StorageError.Corrupt, (await sink.NextAsync()).Error);
    }

    private async Task<MemoryTree> ChangedAsync()
    {
        var tree = new MemoryTree();
        await (await FilledAsync(tree)).DisposeAsync();
        var changed = tree.AfterCrash();
        changed.Put(TableId.Revisions, RevisionKey.Write(new byte[RevisionKey.MaxBytes], new Revision(2, 0), tombstone: false), Record("a", "other"));
        var commit = changed.BeginCommit()!;
        commit.WriteTo(new NullDevice());
        changed.CompleteCommit(commit);
        return changed;
    }

    private async Task<StorageService> FilledAsync(MemoryTree tree)
    {
        if (_consensus.Entries.Count == 0)
            Append("a", "1");
        var service = Open(tree, []);
        service.Start();
        await AppliedAsync(service, new LogIndex((ulong)_consensus.Entries.Count));
        return service;
    }

    private static byte[] Record(string key, string value) => new EtcdApi.Mvccpb.KeyValue
    {
        Key = Requests.Utf8(key), Value = Requests.Utf8(value), CreateRevision = 2, ModRevision = 2, Version = 1,
    }.ToByteArray();

    private StorageService Open(MemoryTree tree, IReadOnlyList<IStorage> peers, TimeSpan interval = default) => new(
        _consensus, new StorageData(tree, new NullDevice(), null),
        new StorageOptions { CommitInterval = TimeSpan.FromMilliseconds(1), AlarmMember = 0xb, ComparesAtStart = true, CorruptCheckInterval = interval },
        TimeProvider.System, NullLogger<StorageService>.Instance, static (what, exception) => throw new UnreachableException(what, exception), null,
        new FixedReplicaPeers(peers));

    private LogIndex Append(string key, string value) => _consensus.Append(
        new CommandEnvelope(CommandKind.Put, new SessionId(5), ++_sequence, _sequence, 1, default).Encode(Requests.Put(key, value).ToByteArray()));

    private static async Task AppliedAsync(StorageService service, LogIndex index) =>
        await service.LeaseKeysAsync(0, index, default).AsTask().WaitAsync(StorageContractTests.Patience);
}

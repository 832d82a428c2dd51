using System.Diagnostics;
using Consensus.Contracts;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Storage.Contracts;
using Storage.Core.Tree;
using Storage.Host;
using Storage.Host.Disk;
using Storage.Tests.Harness;

namespace Storage.Tests.Host;

/// <summary>
/// Goal: free space of a replica's data file goes back to the file system while the replica works, with and without being asked. Method: a real file, filled,
/// emptied by deletes and compaction; reads and writes meanwhile.
/// </summary>
#pragma warning disable CA1001 // xunit disposes through IAsyncLifetime.
public sealed class ReturnedSpaceTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private const int Keys = 6_000;
    private static readonly SessionId s_session = new(5);

    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(60));
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeConsensus _log = new();
    private StorageService _storage = null!;
    private ulong _sequence;

    private CancellationToken Soon => _patience.Token;

    public Task InitializeAsync()
    {
        _storage = Open();
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _storage.DisposeAsync();
        _directory.Dispose();
        _patience.Dispose();
    }

    [Fact]
    public async Task File_MostDeletedAndCompacted_ShrinksByItself()
    {
        var full = await FillAndDeleteAsync();
        await UntilAsync(async () => (await _storage.GetStatusAsync(Soon)).FileBytes < full / 3);
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Defragment_WhileWritesGoOn_MakesTheFileAsShortAsItsContent()
    {
        await FillAndDeleteAsync();
        using var isDone = new CancellationTokenSource();
        var writer = WriteAsync(isDone.Token);
        await _storage.DefragmentAsync(Soon);
        await UntilAsync(async () =>
        {
            var status = await _storage.GetStatusAsync(Soon);
            return status.FileBytes < status.FileBytesInUse * 2;
        });
        await isDone.CancelAsync();
        await writer;
        await AssertSoundAsync();
    }

    [Fact]
    public async Task Defragment_ThenNothing_LeavesNoMoreThanAnEighthUnused()
    {
        await FillAndDeleteAsync();
        await _storage.DefragmentAsync(Soon);
        await UntilAsync(async () =>
        {
            var status = await _storage.GetStatusAsync(Soon);
            return status.FileBytes <= status.FileBytesInUse * 9 / 8 + 256 * 1024;
        });
        await AssertSoundAsync();
    }

    /// <summary>A twentieth stays. Answers the length of the full file.</summary>
    private async Task<long> FillAndDeleteAsync()
    {
        for (var i = 0; i < Keys; i += 500)
            await AppliedAsync(Append([.. Enumerable.Range(i, 500).Select(static key => Put(key, 4_000 + key % 7 * 900))]));
        await UntilAsync(async () => (await _storage.GetStatusAsync(Soon)).FileBytes > Keys * 4_000L);
        var full = (await _storage.GetStatusAsync(Soon)).FileBytes;
        await AppliedAsync(Append([.. Enumerable.Range(0, Keys).Where(static key => key % 20 != 0).Select(static key => Requests.Delete($"k{key:d6}"))]));
        var revision = (await _storage.GetStatusAsync(Soon)).Revision;
        await AppliedAsync(Append(new CompactionRequest { Revision = revision }));
        await _storage.SweptAsync(revision, Soon);
        return full;
    }

    private async Task WriteAsync(CancellationToken isDone)
    {
        for (var i = 0; !isDone.IsCancellationRequested; i++)
            await AppliedAsync(Append(Requests.Put("busy", $"{i}"), Put(i % 20 * 20, 5_000)));
    }

    private async Task AssertSoundAsync()
    {
        var hash = await _storage.HashKvAsync(0, Soon);
        await _storage.DisposeAsync();
        using (var device = MmapPageDevice.Open(Path.Combine(_directory.Path, StorageData.FileName)))
            Assert.Empty(TreeCheck.Run(device));
        _storage = Open();
        Assert.Equal(hash.Hash, (await _storage.HashKvAsync(0, Soon)).Hash);
        var rows = await _storage.RangeAsync(new RangeRequest { Key = Requests.Utf8("k"), RangeEnd = Requests.Utf8("l"), CountOnly = true }.ToByteArray(), default, Soon);
        Assert.Equal(Keys / 20, RangeResponse.Parser.ParseFrom(rows.Body.Span).Count);
    }

    private StorageService Open()
    {
        var storage = new StorageService(
            _log, StorageData.Open(_directory.Path), new StorageOptions { CommitInterval = TimeSpan.FromMilliseconds(20) }, TimeProvider.System,
            NullLogger<StorageService>.Instance, static (what, exception) => throw new UnreachableException(what, exception));
        storage.Start();
        return storage;
    }

    private async Task UntilAsync(Func<Task<bool>> condition)
    {
        // Nothing tells of a shorter file: it is looked at now and then.
        while (!await condition())
            await Task.Delay(5, Soon);
    }

    private async Task AppliedAsync(LogIndex index) => await _storage.RangeAsync(Requests.Range("x").ToByteArray(), index, Soon);

    private static PutRequest Put(int key, int bytes) => Requests.Put($"k{key:d6}", new string((char)('a' + key % 26), bytes));

    private LogIndex Append(params IMessage[] requests) => _log.Append([.. requests.Select(request => new CommandEnvelope(
        request switch
        {
            PutRequest => CommandKind.Put,
            DeleteRangeRequest => CommandKind.DeleteRange,
            CompactionRequest => CommandKind.Compact,
            _ => throw new ArgumentException("no command", nameof(requests)),
        },
        s_session, ++_sequence, _sequence, 1_000, default).Encode(request.ToByteArray()))]);
}

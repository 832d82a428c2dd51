using System.Globalization;
using Consensus.Contracts;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Microsoft.Extensions.Logging.Abstractions;
using Storage.Contracts;
using Storage.Contracts.Commands;
using Storage.Core.Tree;
using Storage.Core.Tree.Pages;
using Storage.Host;
using Storage.Host.Disk;
using Storage.Host.Snapshots;
using Storage.Tests.Harness;
using Storage.Tests.Snapshots;

namespace Storage.Tests.Host;

/// <summary>
/// Goal: a replica whose data file is damaged notices, serves nothing of it, and heals itself from the log or from a peer; where it cannot, it says what to do
/// (I11). Method: a real file with every kind of row, bits flipped in it while no process has it.
/// </summary>
#pragma warning disable CA1001 // xunit disposes through IAsyncLifetime.
public sealed class DamagedFileTests : IAsyncLifetime
#pragma warning restore CA1001
{
    private const int PageBytes = 4096;
    private static readonly SessionId s_session = new(5);

    private readonly CancellationTokenSource _patience = new(TimeSpan.FromSeconds(120));
    private readonly TemporaryDirectory _directory = new();
    private readonly FakeConsensus _log = new();
    private readonly TaskCompletionSource<string> _fatal = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private byte[] _sound = [];
    private HashResult _hash;
    private ulong _sequence;

    private CancellationToken Soon => _patience.Token;
    private string DataPath => Path.Combine(_directory.Path, StorageData.FileName);
    private string KeptPath => DamagedFile.KeptPath(_directory.Path);

    public async Task InitializeAsync()
    {
        await using (var storage = Open())
        {
            for (var i = 0; i < 300; i += 50)
                await AppliedAsync(storage, Append([.. Enumerable.Range(i, 50).SelectMany(RowsOf)]));
            _hash = await storage.HashKvAsync(0, Soon);
        }
        _sound = await File.ReadAllBytesAsync(DataPath);
    }

    public Task DisposeAsync()
    {
        _directory.Dispose();
        _patience.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Start_AnyBitFlipped_IsToldAndHealedOrTouchesNothingInUse()
    {
        var random = new Random(1);
        var (healed, untouched, told) = (0, 0, 0);
        for (var i = 0; i < 60; i++)
        {
            await File.WriteAllBytesAsync(DataPath, _sound);
            File.Delete(KeptPath);
            FlipBit(random.Next(2 * PageBytes, _sound.Length), random.Next(8));
            var isDamaged = IsDamaged();
            if (await IsToldWhenReadAsync())
            {
                // A long value, of which a start reads the head in the leaf only. The next one looks at everything.
                told++;
                Assert.True(isDamaged);
                Assert.False(await IsToldWhenReadAsync());
                Assert.True(File.Exists(KeptPath), "damage that was told is not healed");
            }
            // What is damaged is set aside at once, or lies in a table that a start does not read.
            healed += File.Exists(KeptPath) ? 1 : 0;
            untouched += isDamaged ? 0 : 1;
            Assert.True(isDamaged || !File.Exists(KeptPath), "a sound file was set aside");
        }
        Assert.True(healed > 10 && untouched > 0 && told > 0, $"{healed} healed, {untouched} untouched, {told} told when read");
    }

    [Fact]
    public async Task Start_BothMetaPagesDamaged_HealsFromTheLog()
    {
        FlipBit(100, 1);
        FlipBit(PageBytes + 100, 1);
        var damaged = await File.ReadAllBytesAsync(DataPath);
        await using (var storage = Open())
            Assert.Equal(_hash, await HashAsync(storage));
        Assert.Equal(damaged, await File.ReadAllBytesAsync(KeptPath));
    }

    [Fact]
    public async Task Start_FileCutShort_HealsFromTheLog()
    {
        await File.WriteAllBytesAsync(DataPath, _sound[..(5 * PageBytes)]);
        await using var storage = Open();
        Assert.Equal(_hash, await HashAsync(storage));
        Assert.True(File.Exists(KeptPath));
    }

    [Fact]
    public async Task Start_DamagedTwice_KeepsOneFile()
    {
        for (var i = 0; i < 2; i++)
        {
            DamageRoot(TableId.Revisions);
            await using var storage = Open();
            Assert.Equal(_hash, await HashAsync(storage));
        }
        Assert.Equal(
            [StorageData.FileName, Path.GetFileName(KeptPath)], Directory.GetFiles(_directory.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Start_DamagedAndLogBeginsLater_HealsFromAPeer()
    {
        using var other = new TemporaryDirectory();
        await using var donor = Open(other.Path);
        await HashAsync(donor);
        var index = _log.AppendAndCompact(Command(Requests.Put("last", "x")));
        await AppliedAsync(donor, index);
        DamageRoot(TableId.Revisions);
        await using var replica = Open(peers: new PeerDouble(donor));
        await AppliedAsync(replica, index);
        Assert.Equal((await donor.HashKvAsync(0, Soon)).Hash, (await replica.HashKvAsync(0, Soon)).Hash);
        Assert.True(File.Exists(KeptPath));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Start_DamagedAndNobodyToAsk_StopsAndNamesTheRestoreCommand(bool hasSource)
    {
        _log.AppendAndCompact(Command(Requests.Put("last", "x")));
        DamageRoot(TableId.Revisions);
        await using var storage = hasSource ? Open(peers: []) : Open();
        var why = await _fatal.Task.WaitAsync(Soon);
        Assert.Contains("standalone snapshot restore", why, StringComparison.Ordinal);
        Assert.Contains(KeptPath, why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_DamageThatAStartDoesNotSee_StopsAndIsHealedByTheNextStart()
    {
        DamageRoot(TableId.V2Events);
        await using (var storage = Open())
        {
            await HashAsync(storage);
            var failure = await Assert.ThrowsAsync<PageCorruptException>(async () =>
                await storage.HistoryAsync(KeySpace.V2, "/"u8.ToArray(), "\0"u8.ToArray(), 1, 10_000, 1_000_000, Soon));
            Assert.Contains("(table v2 events)", failure.Message, StringComparison.Ordinal);
            Assert.Equal("stored data is corrupt", await _fatal.Task.WaitAsync(Soon));
        }
        Assert.False(File.Exists(KeptPath));
        await using (var storage = Open())
        {
            Assert.Equal(_hash, await HashAsync(storage));
            await storage.HistoryAsync(KeySpace.V2, "/"u8.ToArray(), "\0"u8.ToArray(), 1, 10_000, 1_000_000, Soon);
        }
        Assert.True(File.Exists(KeptPath));
    }

    [Fact]
    public async Task Start_SuspicionThatProvesWrong_KeepsTheFile()
    {
        DamagedFile.NoteSuspicion(_directory.Path, "page 7: checksum mismatch");
        await using (var storage = Open())
            Assert.Equal(_hash, await HashAsync(storage));
        Assert.Equal([StorageData.FileName], Directory.GetFiles(_directory.Path).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("foreign", "not a data file of this program")]
    [InlineData("newer", "newer version of this program")]
    public async Task Start_FileThatIsNotOurs_IsRefusedAndLeftAsItIs(string kind, string message)
    {
        var content = (byte[])_sound.Clone();
        if (kind == "foreign")
            new Random(1).NextBytes(content);
        else
            MakeNewer(content.AsSpan(0, PageBytes));
        await File.WriteAllBytesAsync(DataPath, content);
        for (var i = 0; i < 2; i++)
            Assert.Contains(message, Assert.Throws<DataFileException>(() => Open()).Message, StringComparison.Ordinal);
        Assert.Equal(content, await File.ReadAllBytesAsync(DataPath));
        Assert.Equal([StorageData.FileName], Directory.GetFiles(_directory.Path).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Start_NoDirectoryYet_MakesIt()
    {
        await using var storage = Open(Path.Combine(_directory.Path, "a", "b"));
        Assert.Equal(_hash, await HashAsync(storage));
    }

    [Fact]
    public async Task Check_SoundFile_IsZeroAndTellsCounts()
    {
        var (code, output, error) = Check();
        Assert.Equal((0, ""), (code, error));
        Assert.EndsWith("clean\n", output, StringComparison.Ordinal);
        Assert.Contains("table revisions: 300 rows", output, StringComparison.Ordinal);
        Assert.Contains(string.Create(CultureInfo.InvariantCulture, $"revision {_hash.CurrentRevision}, compacted -1, applied index {_log.Entries.Count} of term 2"), output, StringComparison.Ordinal);
        Assert.Equal(_sound, await File.ReadAllBytesAsync(DataPath));
    }

    [Fact]
    public void Check_DamagedFile_IsOneAndTellsPageAndTable()
    {
        var page = DamageRoot(TableId.V2Nodes);
        var (code, output, _) = Check();
        Assert.Equal(1, code);
        Assert.Contains($"damage: page {page}: checksum mismatch (table v2 nodes)", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_FileInUseOrNone_IsTwo()
    {
        await using (Open())
        {
            var (code, output, error) = Check();
            Assert.Equal((2, ""), (code, output));
            Assert.Contains("used by another process", error, StringComparison.Ordinal);
        }
        File.Delete(DataPath);
        Assert.Equal(2, Check().Code);
        Assert.False(File.Exists(DataPath));
    }

    private (int Code, string Output, string Error) Check()
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        return (DataCheck.Run(_directory.Path, output, error), output.ToString(), error.ToString());
    }

    private StorageService Open(string? directory = null, params IStorage[]? peers)
    {
        var options = new StorageOptions { CommitInterval = TimeSpan.FromMilliseconds(5) };
        var source = peers is null ? null : new PeerSnapshots(_ => new(peers), options, TimeProvider.System, NullLogger<PeerSnapshots>.Instance);
        var storage = StorageStart.Open(
            directory ?? _directory.Path, StorageData.Open,
            data => new StorageService(
                _log, data, options, TimeProvider.System, NullLogger<StorageService>.Instance, (what, _) => _fatal.TrySetResult(what), source),
            NullLogger.Instance);
        storage.Start();
        return storage;
    }

    // Else everything is as it was.
    private async Task<bool> IsToldWhenReadAsync()
    {
        await using var storage = Open();
        try
        {
            Assert.Equal(_hash, await HashAsync(storage));
            return false;
        }
        catch (PageCorruptException)
        {
            return true;
        }
    }

    private async Task<HashResult> HashAsync(StorageService storage)
    {
        await AppliedAsync(storage, new LogIndex((ulong)_log.Entries.Count));
        return await storage.HashKvAsync(0, Soon);
    }

    private async Task AppliedAsync(StorageService storage, LogIndex index) => await storage.LeaseKeysAsync(0, index, Soon);

    private static IEnumerable<IMessage> RowsOf(int i) =>
    [
        Requests.Put($"k{i:d4}", new string('v', i % 40 == 0 ? 20_000 : 200)),
        new V2Write { Operation = V2Write.Types.Operation.Set, Path = $"/d/{i}", Value = Requests.Utf8(new string('w', 300)) },
        new LeaseGrantRequest { ID = i + 1, TTL = 100 },
    ];

    private LogIndex Append(params IMessage[] requests) => _log.Append([.. requests.Select(Command)]);

    private byte[] Command(IMessage request) => new CommandEnvelope(
        request switch
        {
            PutRequest => CommandKind.Put,
            LeaseGrantRequest => CommandKind.LeaseGrant,
            V2Write => CommandKind.V2Write,
            _ => throw new ArgumentException("no command", nameof(request)),
        },
        s_session, ++_sequence, _sequence, 1_000, default).Encode(request.ToByteArray());

    private bool IsDamaged()
    {
        using var device = MmapPageDevice.Open(DataPath);
        return TreeCheck.Run(device).Any(static finding => finding.IsDamage);
    }

    private long DamageRoot(TableId table)
    {
        long page;
        using (var device = MmapPageDevice.Open(DataPath))
            page = DataFile.FindNewest(device).Roots[table.Value];
        FlipBit(page * PageBytes + 1_000, 3);
        return page;
    }

    private void FlipBit(long at, int bit)
    {
        using var file = File.Open(DataPath, FileMode.Open);
        file.Position = at;
        var value = (byte)(file.ReadByte() ^ (1 << bit));
        file.Position = at;
        file.WriteByte(value);
    }

    private static void MakeNewer(Span<byte> meta)
    {
        meta[40] = (byte)(MetaPage.FormatVersion + 1);
        PageFormat.WriteChecksum(meta);
    }
}

using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Storage.Contracts;
using Storage.Contracts.Commands;
using Storage.Core.Reads;
using Storage.Core.Snapshots;
using Storage.Core.Tree;
using Storage.Tests.Harness;

namespace Storage.Tests.Snapshots;

/// <summary>
/// Goal: what a snapshot's reader cuts, its loader puts together again, and nothing damaged is taken for whole (I11). Method: a state with all kinds of
/// rows, its chunks copied, changed and loaded.
/// </summary>
public sealed class SnapshotRoundTripTests
{
    [Fact]
    public void Load_WholeSnapshot_GivesTheSameStateByteForByte()
    {
        var origin = Fill();
        var chunks = Cut(origin.Tree);
        Assert.True(chunks.Count > 5);
        Assert.All(chunks.OfType<SnapshotRows>(), static rows => Assert.True(
            rows.Rows.Length <= SnapshotChunk.MaxRowsBytes || rows.Rows.Length > 2_000_000));
        Assert.Equal(origin.Machine.AppliedIndex, Assert.IsType<SnapshotStart>(chunks[0]).AppliedIndex);

        var tree = new MemoryTree();
        Assert.True(Load(tree, chunks).IsComplete);
        Commit(tree);
        var copy = new Replica(tree);
        Assert.Equal(origin.Machine.AppliedIndex, copy.Machine.AppliedIndex);
        Assert.Equal(StateReads.Hash(origin.State, 0), StateReads.Hash(copy.State, 0));
        Assert.Equal(origin.Dump(), copy.Dump());
        // The very same chunks again: every byte is there.
        Assert.Equal(chunks.Select(Text), Cut(tree).Select(Text));
    }

    [Fact]
    public void Load_EmptyState_IsComplete()
    {
        var chunks = Cut(new MemoryTree());
        Assert.Equal([typeof(SnapshotStart), typeof(SnapshotEnd)], chunks.Select(static chunk => chunk.GetType()));
        Assert.True(Load(new MemoryTree(), chunks).IsComplete);
    }

    [Fact]
    public void Load_AnyByteOfAChunkChanged_IsDamaged()
    {
        var chunks = Cut(Fill(large: false).Tree);
        var at = chunks.FindIndex(static chunk => chunk is SnapshotRows);
        var rows = ((SnapshotRows)chunks[at]).Rows.ToArray();
        for (var i = 0; i < rows.Length; i += 97)
        {
            rows[i] ^= 0x10;
            chunks[at] = new SnapshotRows(rows);
            Assert.Throws<SnapshotDamagedException>(() => Load(new MemoryTree(), chunks));
            rows[i] ^= 0x10;
        }
    }

    [Fact]
    public void Load_ChunkMissingRepeatedOrCutShort_IsDamaged()
    {
        var chunks = Cut(Fill().Tree);
        for (var i = 0; i < chunks.Count - 1; i++)
        {
            List<SnapshotChunk> missing = [.. chunks[..i], .. chunks[(i + 1)..]];
            Assert.Throws<SnapshotDamagedException>(() => Load(new MemoryTree(), missing));
            List<SnapshotChunk> repeated = [.. chunks[..(i + 1)], .. chunks[i..]];
            Assert.Throws<SnapshotDamagedException>(() => Load(new MemoryTree(), repeated));
        }
        Assert.False(Load(new MemoryTree(), chunks[..^1]).IsComplete);
        Assert.Throws<SnapshotDamagedException>(() => Load(new MemoryTree(), [.. chunks, chunks[^1]]));
        var rows = (SnapshotRows)chunks[1];
        chunks[1] = new SnapshotRows(rows.Rows[..^1]);
        Assert.Throws<SnapshotDamagedException>(() => Load(new MemoryTree(), chunks));
    }

    [Theory]
    [InlineData(new byte[] { 1, 0, 0, 0, 0, 0, 0 }, "no row")] // a key of no bytes
    [InlineData(new byte[] { 1, 1, 0, 255, 255, 255, 255, 7 }, "no row")] // a value of negative length
    [InlineData(new byte[] { 1, 1, 0, 1, 0, 0, 0, 7 }, "no row")] // a value beyond the chunk
    [InlineData(new byte[] { 99, 1, 0, 0, 0, 0, 0, 7 }, "table")]
    [InlineData(new byte[] { 2, 1, 0, 0, 0, 0, 0, 7, 1, 1, 0, 0, 0, 0, 0, 7 }, "order")]
    [InlineData(new byte[] { 1, 1, 0, 0, 0, 0, 0, 7, 1, 1, 0, 0, 0, 0, 0, 7 }, "order")]
    public void Load_RowsThatCannotBe_AreRefused(byte[] rows, string what)
    {
        var start = new SnapshotStart(SnapshotStart.CurrentFormat, default, default);
        var thrown = Assert.Throws<SnapshotDamagedException>(() => Load(new MemoryTree(), [start, new SnapshotRows(rows)]));
        Assert.Contains(what, thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NewerFormat_IsRefused() => Assert.Throws<SnapshotDamagedException>(
        () => Load(new MemoryTree(), [new SnapshotStart(SnapshotStart.CurrentFormat + 1, default, default)]));

    private static Replica Fill(bool large = true)
    {
        var replica = new Replica();
        replica.Ok<LeaseGrantResponse>(new LeaseGrantRequest { ID = 5, TTL = 60 });
        for (var i = 0; i < 3_000; i++)
            replica.Put($"key{i % 700:d4}", new string((char)('a' + (i % 26)), large ? i % 2_000 : 10), lease: i % 10 == 0 ? 5 : 0);
        if (large)
            replica.Put("large", new string('x', 2_000_000));
        replica.Do(new DeleteRangeRequest { Key = Requests.Utf8("key0001") });
        replica.Do(new AlarmRequest { Action = AlarmRequest.Types.AlarmAction.Activate, MemberID = 7, Alarm = AlarmType.Nospace });
        replica.Do(new AlarmRequest { Action = AlarmRequest.Types.AlarmAction.Deactivate, MemberID = 7, Alarm = AlarmType.Nospace });
        replica.Do(new V2Write { Operation = V2Write.Types.Operation.Set, Path = "/a", Value = Requests.Utf8("1") });
        replica.Tree.Put(TableId.Auth, "authEnabled"u8, [1]);
        replica.Tree.Put(TableId.AuthUsers, "root"u8, new EtcdApi.Authpb.User { Roles = { "role" } }.ToByteArray());
        replica.Tree.Put(TableId.AuthRoles, "root"u8, new EtcdApi.Authpb.Role().ToByteArray());
        replica.Commit();
        return replica;
    }

    private static List<SnapshotChunk> Cut(ITree tree)
    {
        using var snapshot = tree.OpenSnapshot();
        var chunker = new SnapshotChunker(snapshot);
        var chunks = new List<SnapshotChunk>();
        while (chunker.Next() is { } chunk)
            chunks.Add(chunk is SnapshotRows rows ? new SnapshotRows(rows.Rows.ToArray()) : chunk);
        Assert.Null(chunker.Next());
        return chunks;
    }

    private static SnapshotLoader Load(MemoryTree tree, List<SnapshotChunk> chunks)
    {
        var loader = new SnapshotLoader(tree);
        chunks.ForEach(loader.Add);
        return loader;
    }

    private static void Commit(MemoryTree tree)
    {
        var commit = tree.BeginCommit()!;
        commit.WriteTo(new NullDevice());
        tree.CompleteCommit(commit);
    }

    private static string Text(SnapshotChunk chunk) => chunk is SnapshotRows rows ? Convert.ToHexString(rows.Rows.Span) : chunk.ToString();
}

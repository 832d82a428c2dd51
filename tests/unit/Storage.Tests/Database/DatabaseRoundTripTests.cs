using System.Text;
using Consensus.Contracts;
using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Storage.Contracts;
using Storage.Contracts.Commands;
using Storage.Core.Bolt;
using Storage.Core.Database;
using Storage.Core.Reads;
using Storage.Core.Tree;
using Storage.Tests.Bolt;
using Storage.Tests.Harness;

namespace Storage.Tests.Database;

/// <summary>
/// Goal: a state that leaves as a database of etcd's comes back as it was: every revision, lease, alarm, user and role. Method: states of commands, saved and
/// loaded in memory; databases with something wrong.
/// </summary>
public sealed class DatabaseRoundTripTests
{
    [Fact]
    public void SaveThenLoad_AllKindsOfRows_GiveTheSameState()
    {
        var origin = Fill(alarms: true);
        var copy = DatabaseFiles.Load(DatabaseFiles.Save(origin.Tree));
        Assert.Equal(RestoredCluster.Before, copy.Machine.AppliedIndex);
        Assert.Equal(RestoredCluster.TermBefore, copy.Machine.AppliedTerm);
        Assert.Equal(StateReads.Hash(origin.State, 0) with { Term = default }, StateReads.Hash(copy.State, 0) with { Term = default });
        for (var revision = 101; revision <= origin.State.Current.Revision; revision += 37)
            Assert.Equal(origin.Dump(revision), copy.Dump(revision));
        Assert.Equal(StorageError.Compacted, copy.RangeError(Requests.Range("k", revision: 99)));
        Assert.Equal(origin.State.Current.Leases.KeysOf(5), copy.State.Current.Leases.KeysOf(5));
        Assert.Equal([(5L, 60L, 41L), (-7L, 90L, 0L)], copy.State.Current.Leases.All().Select(static one => (one.Id, one.TtlSeconds, one.RemainingSeconds)));
        Assert.Equal(origin.State.Current.Alarms, copy.State.Current.Alarms);
        foreach (var table in new[] { TableId.Revisions, TableId.Auth, TableId.AuthUsers, TableId.AuthRoles, TableId.Alarms })
            Assert.Equal(DatabaseFiles.Rows(origin.Tree, table), DatabaseFiles.Rows(copy.Tree, table));
        Assert.NotEmpty(DatabaseFiles.Rows(copy.Tree, TableId.AuthUsers));
    }

    [Fact]
    public void Save_Twice_GivesTheSameBytes()
    {
        var origin = Fill();
        Assert.True(DatabaseFiles.Save(origin.Tree).Bytes.AsSpan().SequenceEqual(DatabaseFiles.Save(origin.Tree).Bytes));
    }

    [Fact]
    public void SaveThenLoad_FreshStore_IsEmptyAtRevisionOne()
    {
        var copy = DatabaseFiles.Load(DatabaseFiles.Save(new MemoryTree()));
        Assert.Equal((1L, -1L, ""), (copy.State.Current.Revision, copy.State.Current.CompactRevision, copy.Dump()));
        Assert.Equal(2, copy.Put("a", "1"));
    }

    [Fact]
    public void Load_LaterCommands_GoOnWhereTheStateEnds()
    {
        var origin = Fill();
        var copy = DatabaseFiles.Load(DatabaseFiles.Save(origin.Tree));
        Assert.Equal(origin.Put("new", "1"), copy.Put("new", "1"));
        origin.Do(new LeaseRevokeRequest { ID = 5 });
        copy.Do(new LeaseRevokeRequest { ID = 5 });
        Assert.Equal(origin.Dump(), copy.Dump());
        Assert.DoesNotContain(" l5", copy.Dump(), StringComparison.Ordinal);
    }

    [Fact]
    public void Load_BumpedAndMarked_OnlyTheNewestRevisionCanBeRead()
    {
        var origin = Fill();
        var last = origin.State.Current.Revision;
        var copy = DatabaseFiles.Load(DatabaseFiles.Save(origin.Tree), bump: 1_000_000);
        Assert.Equal((last + 1_000_000, last + 1_000_000), (copy.State.Current.Revision, copy.State.Current.CompactRevision));
        Assert.Equal(origin.Dump(), copy.Dump());
        Assert.Equal(StorageError.Compacted, copy.RangeError(Requests.Range("k", revision: last)));
        copy.Sweep();
        Assert.Equal(origin.Dump(), copy.Dump());
        copy.Commit();
        Assert.Equal(origin.Range(Requests.Range("\0", "\0")).Count, DatabaseFiles.Rows(copy.Tree, TableId.Revisions).Count);
        Assert.Equal(last + 1_000_001, copy.Put("k", "v"));
        // And out again, and in again.
        copy.Commit();
        var again = DatabaseFiles.Load(DatabaseFiles.Save(copy.Tree));
        Assert.Equal((last + 1_000_001, last + 1_000_000), (again.State.Current.Revision, again.State.Current.CompactRevision));
        Assert.Equal(copy.Dump(), again.Dump());
    }

    [Fact]
    public void Load_MarkOfABumpedEtcd_IsARevisionWithoutAKey()
    {
        var rows = MemoryBolt.NewBucket();
        var (key, mark) = (RevisionKey(2), RevisionKey(500));
        rows.Add(key, [0x0a, 1, (byte)'a', 0x10, 2, 0x18, 2, 0x20, 1, 0x2a, 1, (byte)'1']);
        rows.Add(mark, []);
        var copy = DatabaseFiles.Load(MemoryBolt.Write(new() { ["key"] = rows }));
        Assert.Equal((500L, "a=1 c2 m2 v1 l0"), (copy.State.Current.Revision, copy.Dump()));
    }

    [Fact]
    public void Load_SweepUnderWay_GoesOn()
    {
        var origin = Fill();
        origin.Compact(origin.State.Current.Revision);
        origin.Machine.Sweep.Step(3);
        origin.Commit();
        var copy = DatabaseFiles.Load(DatabaseFiles.Save(origin.Tree));
        Assert.True(copy.Machine.Sweep.IsPending);
        copy.Sweep();
        origin.Sweep();
        Assert.Equal(origin.Dump(), copy.Dump());
        origin.Commit();
        copy.Commit();
        Assert.Equal(DatabaseFiles.Rows(origin.Tree, TableId.Revisions), DatabaseFiles.Rows(copy.Tree, TableId.Revisions));
    }

    [Fact]
    public void SaveThenLoad_V2KeySpace_IsTheSame()
    {
        var origin = Fill();
        Assert.DoesNotContain("v2_nodes", DatabaseFiles.Save(origin.Tree).ReadAll().Keys);
        V2(V2Write.Types.Operation.Set, "/a/b", "1");
        V2(V2Write.Types.Operation.Set, "/a/b", "2");
        V2(V2Write.Types.Operation.Set, "/c", "3");
        V2(V2Write.Types.Operation.Create, V2Internal.Root + "/users/ann", "a hash");
        V2(V2Write.Types.Operation.Delete, "/c", "");
        origin.Commit();
        var copy = DatabaseFiles.Load(DatabaseFiles.Save(origin.Tree));
        Assert.Equal(origin.State.Current.V2.Index, copy.State.Current.V2.Index);
        foreach (var table in new[] { TableId.V2Events, TableId.V2Nodes })
            Assert.Equal(DatabaseFiles.Rows(origin.Tree, table), DatabaseFiles.Rows(copy.Tree, table));
        Assert.NotEmpty(DatabaseFiles.Rows(copy.Tree, TableId.V2Nodes));
        Assert.Equal(Read(origin), Read(copy));
        Assert.Contains("\"value\":\"2\"", Read(copy), StringComparison.Ordinal);

        void V2(V2Write.Types.Operation operation, string path, string value) =>
            Assert.Equal(StorageError.None, origin.Do(new V2Write { Operation = operation, Path = path, Value = Requests.Utf8(value) }).Error);

        static string Read(Replica replica) => Text(StateReads.V2(replica.State, "/", recursive: true, replica.NowUnixNanos).Body.ToArray());
    }

    [Fact]
    public void Save_Membership_IsThatOfTheNewestConfigurationApplied()
    {
        var replica = new Replica();
        var configuration = DatabaseFiles.OneMember with { Removed = [new MemberId(0x7)] };
        var entry = new Entry(new LogIndex(1), new Term(1), EntryKind.Configuration, ConfigurationFormat.Encode(configuration));
        Assert.False(replica.Machine.Apply(entry, default, default, null, out _));
        replica.Commit();
        var buckets = DatabaseFiles.Save(replica.Tree).ReadAll();
        Assert.Equal(
            ("ab", """{"id":171,"peerURLs":["http://127.0.0.1:2380"]}"""),
            (Text(buckets["members"].Single().Key), Text(buckets["members"].Single().Value)));
        Assert.Equal("7", Text(buckets["members_removed"].Single().Key));
        Assert.Equal("""{"voters":[171],"auto_leave":false}""", Text(buckets["meta"]["confState"u8.ToArray()]));
        Assert.Equal(
            ["alarm", "auth", "authRoles", "authUsers", "cluster", "key", "lease", "members", "members_removed", "meta"], buckets.Keys);
    }

    [Theory]
    [InlineData("key", "00", "", "no revision")]
    [InlineData("key", "00000000000000025F0000000000000000", "FF", "no key-value record")]
    [InlineData("key", "00000000000000025F0000000000000000", "0A0161100318032001", "record of revision 3")]
    [InlineData("key", "80000000000000025F0000000000000000", "0A0161", "no revision")]
    [InlineData("lease", "00", "", "no lease")]
    [InlineData("lease", "0000000000000001", "0802100A", "no lease")]
    [InlineData("lease", "0000000000000001", "0801100A180B", "no lease")]
    [InlineData("alarm", "0801", "", "no alarm")]
    [InlineData("meta", "7363686564756C6564436F6D70616374526576", "00", "no revision")]
    public void Load_RowThatCannotBe_IsRefused(string bucket, string key, string value, string what)
    {
        var buckets = new Dictionary<string, SortedDictionary<byte[], byte[]>> { ["key"] = MemoryBolt.NewBucket() };
        buckets.TryAdd(bucket, MemoryBolt.NewBucket());
        buckets[bucket].Add(Convert.FromHexString(key), Convert.FromHexString(value));
        var thrown = Assert.Throws<BoltDamagedException>(() => DatabaseFiles.Load(MemoryBolt.Write(buckets)));
        Assert.Contains(what, thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_NoKeysBucket_IsRefused() =>
        Assert.Throws<BoltDamagedException>(() => DatabaseFiles.Load(MemoryBolt.Write(new() { ["other"] = MemoryBolt.NewBucket() })));

    [Fact]
    public void Status_Database_CountsAllRows()
    {
        var file = DatabaseFiles.Save(Fill().Tree);
        var status = DatabaseStatus.Read(BoltFile.Open(file));
        Assert.Equal(file.Length, status.TotalBytes);
        Assert.Equal(file.ReadAll().Sum(static bucket => bucket.Value.Count), status.TotalKeys);
    }

    /// <summary>A state with rows of all kinds.</summary>
    internal static Replica Fill(bool alarms = false, bool large = true, bool v2 = false)
    {
        var replica = new Replica();
        replica.Ok<LeaseGrantResponse>(new LeaseGrantRequest { ID = 5, TTL = 60 });
        replica.Ok<LeaseGrantResponse>(new LeaseGrantRequest { ID = -7, TTL = 90 });
        replica.Do(new LeaseCheckpoints { KnownIndex = ulong.MaxValue, Ids = { 5 }, RemainingSeconds = { 41 } });
        for (var i = 0; i < 900; i++)
            replica.Put($"key{i % 170:d3}", new string((char)('a' + (i % 26)), large ? i % 1_500 : 3), lease: (i % 10) switch { 0 => 5, 1 => -7, _ => 0 });
        replica.Put("large", new string('x', large ? 2_000_000 : 10));
        replica.Do(Requests.Delete("key0", "key1"));
        replica.Do(Requests.Txn([], [Requests.Put("t1", "1"), Requests.Put("t2", "2"), Requests.Delete("key150")]));
        replica.Compact(100);
        replica.Sweep();
        if (v2)
        {
            foreach (var path in new[] { "/d/e/f", "/d/g", "/h" })
                replica.Do(new V2Write { Operation = V2Write.Types.Operation.Set, Path = path, Value = Requests.Utf8("v") });
        }
        foreach (var member in alarms ? new ulong[] { 300, 7 } : [])
            replica.Do(new AlarmRequest { Action = AlarmRequest.Types.AlarmAction.Activate, MemberID = member, Alarm = AlarmType.Nospace });
        replica.Tree.Put(TableId.Auth, "authRevision"u8, [0, 0, 0, 0, 0, 0, 0, 4]);
        replica.Tree.Put(TableId.AuthUsers, "root"u8, new EtcdApi.Authpb.User { Roles = { "role" } }.ToByteArray());
        replica.Tree.Put(TableId.AuthRoles, "role"u8, []);
        replica.Commit();
        return replica;
    }

    private static byte[] RevisionKey(int revision) => [0, 0, 0, 0, 0, 0, (byte)(revision >> 8), (byte)revision, (byte)'_', 0, 0, 0, 0, 0, 0, 0, 0];

    private static string Text(byte[] bytes) => Encoding.UTF8.GetString(bytes);
}

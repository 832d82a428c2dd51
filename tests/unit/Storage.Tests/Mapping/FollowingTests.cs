using EtcdApi.Etcdserverpb;
using Storage.Contracts;
using Storage.Contracts.Commands;
using Storage.Core.V2;
using Storage.Tests.Harness;
using Storage.Tests.V2;
using static Storage.Contracts.Commands.V2Write.Types;

namespace Storage.Tests.Mapping;

/// <summary>Goal: what is done on one side happens on the other, in the same command. Method: one write of each kind; values, events, revisions and indexes of both sides.</summary>
public sealed class FollowingTests
{
    private readonly MappedStore _store = new();

    private Replica Replica => _store.Replica;

    private long Revision => Replica.State.Current.Revision;

    private long Index => Replica.State.Current.V2.Index;

    [Fact]
    public void V2Writes_OfAFile_EachMakeOneRevisionOfItsKey()
    {
        var first = Revision;
        _store.V2.Write(Operation.Set, "/a/b", "1");
        _store.V2.Write(Operation.Update, "/a/b", "2");
        _store.V2.Write(Operation.CompareAndSwap, "/a/b", "3", prevValue: "2");
        var row = Assert.Single(Replica.Range(Requests.Range("/v2/a/b")).Kvs);
        Assert.Equal(($"/v2/a/b=3 c{first + 1} m{first + 3} v3 l0", first + 3), (row.Show(), Revision));
        _store.V2.Write(Operation.CompareAndDelete, "/a/b", prevValue: "3");
        Assert.Equal(("", first + 4), (Replica.Dump(), Revision));
    }

    [Fact]
    public void V2CreateInOrder_IsAKeyOfThatName()
    {
        _store.V2.Write(Operation.CreateInOrder, "/queue", "job");
        Assert.Equal("job", Assert.Single(_store.Keys()).Value);
        _store.RequireAlike();
    }

    [Fact]
    public void V2DeleteOfADirectory_DeletesAllItsKeysAtOneRevision()
    {
        foreach (var path in (string[])["/d/a", "/d/b", "/d/c/x", "/dx", "/e"])
            _store.V2.Write(Operation.Set, path, "1");
        var before = Revision;
        _store.V2.Write(Operation.Delete, "/d", recursive: true);
        Assert.Equal(before + 1, Revision);
        Assert.Equal(["/dx", "/e"], _store.Keys().Keys.Order());
    }

    [Fact]
    public void V2Directories_AndWhatIsRefused_MakeNoRevision()
    {
        _store.V2.Write(Operation.Set, "/a", "1");
        var before = Revision;
        _store.V2.Write(Operation.Set, "/d", dir: true);
        _store.V2.Write(Operation.Create, "/a", "2");
        _store.V2.Write(Operation.Delete, "/d", dir: true);
        Assert.Equal(before, Revision);
    }

    [Fact]
    public void V2SetOfADirectory_InPlaceOfAFile_DeletesItsKey()
    {
        _store.V2.Write(Operation.Set, "/a", "1");
        _store.V2.Write(Operation.Set, "/a", dir: true);
        Assert.Equal("", Replica.Dump());
        _store.V2.Write(Operation.Set, "/b", "1");
        _store.V2.Write(Operation.Set, "/b", dir: true, refresh: true);
        Assert.Equal("", Replica.Dump());
    }

    [Fact]
    public void V2Refresh_IsNoRevision()
    {
        _store.V2.Write(Operation.Set, "/a", "1", expires: "2030-01-01T00:00:00Z");
        var before = Revision;
        _store.V2.Write(Operation.Update, "/a", expires: "2031-01-01T00:00:00Z", refresh: true);
        _store.V2.Write(Operation.Set, "/a", expires: "2032-01-01T00:00:00Z", refresh: true);
        Assert.Equal(before, Revision);
        _store.RequireAlike();
    }

    [Fact]
    public void V2Expiry_DeletesTheKeys_OneRevisionForEachNode()
    {
        _store.V2.Write(Operation.Set, "/a", "1", expires: "2030-01-01T00:00:00Z");
        _store.V2.Write(Operation.Set, "/d", dir: true, expires: "2030-01-01T00:00:01Z");
        _store.V2.Write(Operation.Set, "/d/x", "1");
        _store.V2.Write(Operation.Set, "/d/y", "1");
        var before = Revision;
        _store.V2.Expire("2030-01-01T00:00:02Z");
        Assert.Equal(("", before + 2), (Replica.Dump(), Revision));
        _store.RequireAlike();
    }

    [Fact]
    public void HiddenNodesAndUsers_AreNoKeys()
    {
        foreach (var path in (string[])["/_h", "/a/_h", "/_d/x", V2Internal.Root + "/users/ann"])
            _store.V2.Write(Operation.Set, path, "secret");
        Assert.Equal((1, ""), (Revision, Replica.Dump()));
        _store.V2.Write(Operation.Delete, "/a", recursive: true);
        Assert.Equal(1, Revision);
    }

    [Fact]
    public void V3Put_IsASet_AndWakesV2()
    {
        var before = Index;
        Replica.Put("/v2/a/b", "1");
        Replica.Put("/v2/a/b", "2");
        Replica.Put("/v3/a", "1");
        Replica.Put("/v2", "1");
        Assert.Equal(["set /a/b", "set /a/b"], _store.Events(before + 1));
        Assert.Contains("\"prevNode\":{\"key\":\"/a/b\",\"value\":\"1\"", _store.V2.Event(before + 2), StringComparison.Ordinal);
        Assert.Equal(before + 2, Index);
        _store.RequireAlike();
    }

    [Fact]
    public void V3DeleteOfARange_IsADeleteOfEachFile_AndLeavesTheDirectory()
    {
        foreach (var key in (string[])["/v2/d/a", "/v2/d/b", "/v2/e"])
            Replica.Put(key, "1");
        var (revision, index) = (Revision, Index);
        Replica.Do(Requests.Delete("/v2/d/", "/v2/d0"));
        Assert.Equal(["delete /d/a", "delete /d/b"], _store.Events(index + 1));
        Assert.Equal(revision + 1, Revision);
        Assert.Equal(new Dictionary<string, string?> { ["/d"] = null, ["/e"] = "1" }, _store.Listed());
    }

    [Fact]
    public void V3Txn_IsOneRevisionAndAnIndexForEachChange()
    {
        Replica.Put("/v2/a", "1");
        var (revision, index) = (Revision, Index);
        Replica.Ok<TxnResponse>(Requests.Txn([], [Requests.Put("/v2/b", "2"), Requests.Delete("/v2/a"), Requests.Put("other", "3"), Requests.Put("/v2/c", "4")]));
        Assert.Equal((revision + 1, index + 3), (Revision, Index));
        Assert.Equal(["set /b", "delete /a", "set /c"], _store.Events(index + 1));
        _store.RequireAlike();
    }

    [Fact]
    public void V3PutWithoutAValue_KeepsThatOfV2_AndEndsItsTtl()
    {
        _store.V2.Write(Operation.Set, "/a", "1", expires: "2030-01-01T00:00:00Z");
        Replica.Do(new LeaseGrantRequest { ID = 7, TTL = 60 });
        Assert.Equal(StorageError.None, Replica.Do(Requests.Put("/v2/a", "", lease: 7, ignoreValue: true)).Error);
        _store.V2.Expire("2030-01-01T00:00:01Z");
        Assert.Equal("1", _store.Files()["/a"]);
        _store.RequireAlike();
    }

    [Fact]
    public void LeaseThatIsRevoked_DeletesItsFiles_AndOneThatExpires_ExpiresThem()
    {
        Replica.Do(new LeaseClaim());
        foreach (var id in (long[])[7, 8])
        {
            Replica.Do(new LeaseGrantRequest { ID = id, TTL = 60 });
            Replica.Put($"/v2/l{id}/a", "1", id);
            Replica.Put($"/v2/l{id}/b", "1", id);
        }
        var index = Index;
        Replica.Do(new LeaseRevokeRequest { ID = 7 });
        Replica.Do(new LeaseExpire { Epoch = 1, Ids = { 8 }, KnownIndex = Replica.Machine.AppliedIndex.Value });
        Assert.Equal(["delete /l7/a", "delete /l7/b", "expire /l8/a", "expire /l8/b"], _store.Events(index + 1));
        _store.RequireAlike();
    }

    [Fact]
    public void V2Set_TakesAKeyFromItsLease()
    {
        Replica.Do(new LeaseGrantRequest { ID = 7, TTL = 60 });
        Replica.Put("/v2/a", "1", 7);
        _store.V2.Write(Operation.Set, "/a", "2");
        Replica.Do(new LeaseRevokeRequest { ID = 7 });
        Assert.Equal("2", _store.Files()["/a"]);
        _store.RequireAlike();
    }

    [Fact]
    public void ReadsOfBothSides_InOneView_AreTheSame()
    {
        var view = Replica.State.Current;
        _store.V2.Write(Operation.Set, "/a", "1");
        var next = Replica.State.Current;
        Assert.Equal((view.Revision + 1, view.V2.Index + 1, view.AppliedIndex.Value + 1), (next.Revision, next.V2.Index, next.AppliedIndex.Value));
    }

    [Fact]
    public void WithoutAPrefix_NeitherSideHearsOfTheOther()
    {
        var apart = new MappedStore(prefix: null);
        apart.Replica.Put("/v2/a", "1");
        apart.V2.Write(Operation.Set, "/b", "1");
        Assert.Equal(["/b"], apart.Files().Keys);
        Assert.Equal(["/a"], apart.Keys().Keys);
        Assert.Null(apart.Replica.State.Current.V2Prefix);
    }
}

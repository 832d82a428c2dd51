using System.Text;
using EtcdApi.Etcdserverpb;
using Storage.Contracts;
using Storage.Contracts.Commands;
using Storage.Core.Bolt;
using Storage.Core.Checks;
using Storage.Tests.Database;
using Storage.Tests.Harness;
using static Storage.Contracts.Commands.V2Write.Types;

namespace Storage.Tests.Mapping;

/// <summary>Goal: a mapping begins with all that is there or not at all, and stays. Method: stores with something on either side; restarts, and databases that leave and come back.</summary>
public sealed class BeginningTests
{
    [Fact]
    public void Map_Again_ChangesNothing_AndElsewhereIsRefused()
    {
        var store = new MappedStore(prefix: "/v2//");
        Assert.Equal("/v2", store.Replica.State.Current.V2Prefix);
        Assert.Equal(StorageError.None, store.Map("/v2").Error);
        var refused = store.Map("/other");
        Assert.Equal((StorageError.V2MappedElsewhere, "/v2"), (refused.Error, Encoding.UTF8.GetString(refused.Body.Span)));
    }

    [Fact]
    public void Map_WithAnEmptyPrefix_TakesAllKeysThatBeginWithASlash()
    {
        var store = new MappedStore(prefix: "/");
        store.Replica.Put("/a/b", "1");
        store.Replica.Put("a/b", "2");
        store.V2.Write(Operation.Set, "/c", "3");
        Assert.Equal(new Dictionary<string, string> { ["/a/b"] = "1", ["/c"] = "3" }, store.Files());
        Assert.Equal(["/a/b", "/c", "a/b"], store.Replica.Range(Requests.Range("\0", "\0")).Kvs.Select(static row => row.Key.ToStringUtf8()));
        store.V2.Write(Operation.Delete, "/a", recursive: true);
        Assert.Equal(2, store.Replica.Range(Requests.Range("\0", "\0")).Count);
    }

    [Fact]
    public void Map_OfAStoreWithFiles_MakesThemKeys_AtARevisionEach()
    {
        var store = new MappedStore(prefix: null);
        store.V2.Write(Operation.Set, "/a/b", "1", expires: "2030-01-01T00:00:00Z");
        store.V2.Write(Operation.Set, "/c", "2");
        store.V2.Write(Operation.Set, "/_h", "secret");
        store.Replica.Put("other", "3");
        var (revision, index) = (store.Replica.State.Current.Revision, store.Replica.State.Current.V2.Index);
        Assert.Equal(StorageError.None, store.Map(MappedStore.Prefix).Error);
        Assert.Equal((revision + 2, index), (store.Replica.State.Current.Revision, store.Replica.State.Current.V2.Index));
        Assert.Equal(2, store.Keys().Count);
        store.RequireAlike();
        store.V2.Expire("2030-01-01T00:00:01Z");
        Assert.Equal(["/c"], store.Keys().Keys);
    }

    [Fact]
    public void Map_OfAStoreWithKeys_MakesThemFiles_AtAnIndexEach()
    {
        var store = new MappedStore(prefix: null);
        store.V2.Write(Operation.Set, "/_h", "secret");
        store.Replica.Do(new LeaseGrantRequest { ID = 7, TTL = 60 });
        store.Replica.Put("/v2/a", "1", 7);
        store.Replica.Put("/v2/b/c", "2");
        store.Replica.Put("/v2/gone//", "2");
        store.Replica.Do(Requests.Delete("/v2/gone//"));
        var (revision, index) = (store.Replica.State.Current.Revision, store.Replica.State.Current.V2.Index);
        Assert.Equal(StorageError.None, store.Map(MappedStore.Prefix).Error);
        Assert.Equal((revision, index + 2), (store.Replica.State.Current.Revision, store.Replica.State.Current.V2.Index));
        store.RequireAlike();
        store.Replica.Do(new LeaseRevokeRequest { ID = 7 });
        Assert.Equal(["/b/c"], store.Files().Keys);
    }

    [Fact]
    public void Map_WithSomethingOnBothSides_IsRefused_AndChangesNothing()
    {
        var store = new MappedStore(prefix: null);
        store.V2.Write(Operation.Set, "/a", "1");
        store.Replica.Put("/v2/b", "1");
        var refused = store.Map(MappedStore.Prefix);
        Assert.Equal((StorageError.V2MappingAmbiguous, "/v2/b"), (refused.Error, Encoding.UTF8.GetString(refused.Body.Span)));
        Assert.Null(store.Replica.State.Current.V2Prefix);
        Assert.Equal(["/a"], store.Files().Keys);
    }

    [Theory]
    [InlineData(StorageError.MappedKeyInvalid, "/v2/a/", "/v2/a/")]
    [InlineData(StorageError.MappedKeyBelowFile, "/v2/a/b", "/v2/a", "/v2/a/b")]
    [InlineData(StorageError.MappedKeyIsDirectory, "/v2/dir", "/v2/dir")]
    public void Map_OfKeysThatCanBeNoFiles_NamesTheFirst(StorageError error, string named, params string[] keys)
    {
        var store = new MappedStore(prefix: null);
        store.V2.Write(Operation.Set, "/dir", dir: true);
        foreach (var key in keys)
            store.Replica.Put(key, "1");
        var refused = store.Map(MappedStore.Prefix);
        Assert.Equal((error, named), (refused.Error, Encoding.UTF8.GetString(refused.Body.Span)));
        Assert.Empty(store.Files());
    }

    [Fact]
    public void Map_UnderAnAlarm_IsRefusedUnlessItIsInForce()
    {
        foreach (var (alarm, error) in ((AlarmType, StorageError)[])[(AlarmType.Nospace, StorageError.NoSpace), (AlarmType.Corrupt, StorageError.Corrupt)])
        {
            var (fresh, mapped) = (new MappedStore(prefix: null), new MappedStore());
            foreach (var store in (MappedStore[])[fresh, mapped])
                store.Replica.Do(new AlarmRequest { Action = AlarmRequest.Types.AlarmAction.Activate, MemberID = 1, Alarm = alarm });
            Assert.Equal(error, fresh.Map(MappedStore.Prefix).Error);
            Assert.Equal(StorageError.None, mapped.Map(MappedStore.Prefix).Error);
        }
    }

    [Fact]
    public void Mapping_AfterARestart_IsInForce()
    {
        var store = new MappedStore();
        store.V2.Write(Operation.Set, "/a", "1");
        store.Replica.Commit();
        var again = new MappedStore(store.Replica.AfterCrash([]), prefix: null);
        Assert.Equal(MappedStore.Prefix, again.Replica.State.Current.V2Prefix);
        again.Replica.Put("/v2/b", "2");
        Assert.Equal(["/a", "/b"], again.Files().Keys.Order());
        again.RequireAlike();
    }

    [Fact]
    public void Mapping_LeavesAndComesBackWithADatabase()
    {
        var store = new MappedStore();
        store.V2.Write(Operation.Set, "/a/b", "1");
        store.V2.Write(Operation.Set, "/gone", "1");
        store.V2.Write(Operation.Delete, "/gone");
        store.V2.Write(Operation.Set, "/_h", "secret");
        store.Replica.Put("/v2/c", "2");
        store.Replica.Commit();
        var again = new MappedStore(DatabaseFiles.Load(DatabaseFiles.Save(store.Replica.Tree)), prefix: null);
        Assert.Equal(MappedStore.Prefix, again.Replica.State.Current.V2Prefix);
        Assert.Equal(store.Listed(), again.Listed());
        again.Replica.Put("/v2/a/d", "3");
        again.RequireAlike();
    }

    [Fact]
    public void Mapping_OfAnEmptyStore_ComesBackWithADatabase()
    {
        var store = new MappedStore();
        store.Replica.Commit();
        Assert.Equal(MappedStore.Prefix, DatabaseFiles.Load(DatabaseFiles.Save(store.Replica.Tree)).State.Current.V2Prefix);
    }

    [Theory]
    [InlineData("/v2/a", "2", true)]
    [InlineData("/v2/new", "1", true)]
    [InlineData("other", "1", false)]
    public void Database_WhoseKeysWentOnAlone_IsRefused(string key, string value, bool isRefused)
    {
        var store = new MappedStore(prefix: null);
        store.Replica.Put("/v2/a", "1");
        store.Map(MappedStore.Prefix);
        store.Replica.Commit();
        // As a server that knows of no mapping would go on.
        var row = Core.Mapping.KeyMapping.RowKey.ToArray();
        Assert.True(store.Replica.Tree.TryGet(Core.Tree.TableId.Meta, row, out var stored));
        var prefix = stored.ToArray();
        store.Replica.Tree.Delete(Core.Tree.TableId.Meta, row);
        store.Replica.Put("unrelated", "0");
        store.Replica.Commit();
        var apart = store.Replica.AfterCrash([]);
        Assert.Null(apart.State.Current.V2Prefix);
        apart.Put(key, value);
        apart.Tree.Put(Core.Tree.TableId.Meta, row, prefix);
        apart.Commit();
        using var snapshot = apart.Tree.OpenSnapshot();
        Assert.Equal(new MappingCheck("/v2/", 1, isRefused ? key : null), MappingCheck.Examine(snapshot));
        if (isRefused)
            Assert.Contains(key, Assert.Throws<BoltDamagedException>(() => DatabaseFiles.Load(DatabaseFiles.Save(apart.Tree))).Message, StringComparison.Ordinal);
        else
            Assert.Equal(MappedStore.Prefix, DatabaseFiles.Load(DatabaseFiles.Save(apart.Tree)).State.Current.V2Prefix);
    }
}

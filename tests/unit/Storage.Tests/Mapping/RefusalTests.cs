using EtcdApi.Etcdserverpb;
using Storage.Contracts;
using Storage.Tests.Harness;
using static Storage.Contracts.Commands.V2Write.Types;

namespace Storage.Tests.Mapping;

/// <summary>Goal: a v3 command that v2 could not follow is refused as a whole. Method: keys and transactions of each kind, by what is there before.</summary>
public sealed class RefusalTests
{
    private readonly MappedStore _store = new();

    [Theory]
    [InlineData("/v2/")]
    [InlineData("/v2//a")]
    [InlineData("/v2/a/")]
    [InlineData("/v2/a//b")]
    [InlineData("/v2/./a")]
    [InlineData("/v2/a/..")]
    [InlineData("/v2/../users/ann")]
    [InlineData("/v2/_hidden")]
    [InlineData("/v2/a/_hidden/b")]
    [InlineData("/v2/\u00ff")]
    public void Put_OfWhatIsNoPath_IsInvalid(string key)
    {
        Assert.Equal(StorageError.MappedKeyInvalid, _store.Replica.Do(Requests.Put(key, "1")).Error);
        Assert.Equal(StorageError.MappedKeyInvalid, _store.Replica.Do(Requests.Txn([], [Requests.Put("other", "1"), Requests.Put(key, "1")])).Error);
        Assert.Equal("", _store.Replica.Dump());
    }

    [Fact]
    public void Put_DeeperThanAnyPath_IsInvalid() =>
        Assert.Equal(StorageError.MappedKeyInvalid, _store.Replica.Do(Requests.Put("/v2" + string.Concat(Enumerable.Repeat("/a", 4_097)), "1")).Error);

    [Theory]
    [InlineData("/v2")]
    [InlineData("/v2x")]
    [InlineData("/v")]
    [InlineData("a//b")]
    public void Put_OfAKeyBesideThePrefix_IsNobodysBusiness(string key)
    {
        _store.Replica.Put(key, "1");
        Assert.Empty(_store.Files());
    }

    [Fact]
    public void Put_InPlaceOfADirectory_OrBelowAFile_IsRefused()
    {
        _store.V2.Write(Operation.Set, "/d/x", "1");
        _store.V2.Write(Operation.Set, "/empty", dir: true);
        Assert.Equal(StorageError.MappedKeyIsDirectory, _store.Replica.Do(Requests.Put("/v2/d", "1")).Error);
        Assert.Equal(StorageError.MappedKeyIsDirectory, _store.Replica.Do(Requests.Put("/v2/empty", "1")).Error);
        Assert.Equal(StorageError.MappedKeyBelowFile, _store.Replica.Do(Requests.Put("/v2/d/x/y/z", "1")).Error);
        _store.RequireAlike();
    }

    [Fact]
    public void Put_WithALeaseThatIsNot_IsRefusedForThat() =>
        Assert.Equal(StorageError.LeaseNotFound, _store.Replica.Do(Requests.Put("/v2/a//b", "1", lease: 9)).Error);

    [Fact]
    public void Txn_WhosePutsDoNotGoTogether_ChangesNothing()
    {
        Assert.Equal(StorageError.MappedKeyBelowFile, Do(Requests.Put("/v2/a", "1"), Requests.Put("/v2/a/b", "1")));
        Assert.Equal(StorageError.MappedKeyIsDirectory, Do(Requests.Put("/v2/a/b", "1"), Requests.Put("/v2/a", "1")));
        Assert.Equal(StorageError.MappedKeyIsDirectory, Do(Requests.Put("/v2/a/b", "1"), Requests.Delete("/v2/a/b"), Requests.Put("/v2/a", "1")));
        Assert.Equal("", _store.Replica.Dump());
        Assert.Empty(_store.Listed());
    }

    [Fact]
    public void Txn_ThatMakesRoomFirst_IsCarriedOutInItsOrder()
    {
        _store.Replica.Put("/v2/a", "1");
        Assert.Equal(StorageError.MappedKeyBelowFile, Do(Requests.Put("/v2/a/b", "2"), Requests.Delete("/v2/a")));
        // No gateway lets this pass; what a log holds is applied all the same.
        Assert.Equal(StorageError.MappedKeyBelowFile, Do(Requests.Delete("/v2/", "/v20"), Requests.Put("/v2/a", "2"), Requests.Put("/v2/a/b", "2")));
        Assert.Equal(
            StorageError.MappedKeyIsDirectory,
            Do(Requests.Put("/v2/f", "2"), Requests.Delete("/v2/f"), Requests.Put("/v2/f/b", "2"), Requests.Put("/v2/f", "2")));
        Assert.Equal(StorageError.None, Do(Requests.Delete("/v2/", "/v20"), Requests.Put("/v2/a/b", "2")));
        Assert.Equal(new Dictionary<string, string> { ["/a/b"] = "2" }, _store.Files());
        _store.RequireAlike();
    }

    [Fact]
    public void Txn_LooksOnlyAtTheBranchTaken_AndIntoWhatIsNested()
    {
        var refused = Requests.Put("/v2/_h", "1");
        Assert.Equal(StorageError.None, _store.Replica.Do(Requests.Txn([Requests.VersionIs("x", 0)], [Requests.Put("/v2/a", "1")], [refused])).Error);
        Assert.Equal(StorageError.MappedKeyInvalid, _store.Replica.Do(Requests.Txn([Requests.VersionIs("x", 1)], [], [Requests.Txn([], [refused])])).Error);
        Assert.Equal(StorageError.MappedKeyBelowFile, Do(Requests.Put("/v2/n", "1"), Requests.Txn([], [Requests.Put("/v2/n/x", "1")])));
        _store.RequireAlike();
    }

    private StorageError Do(params Google.Protobuf.IMessage[] operations) => _store.Replica.Do(Requests.Txn([], operations)).Error;
}

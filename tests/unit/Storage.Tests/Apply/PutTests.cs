using EtcdApi.Etcdserverpb;
using Storage.Contracts;
using Storage.Tests.Harness;

namespace Storage.Tests.Apply;

/// <summary>Goal: the rules of Put. Method: one request each against a fresh state machine.</summary>
public sealed class PutTests
{
    private readonly Replica _replica = new();

    [Fact]
    public void Put_EmptyStore_FirstRevisionIsTwo()
    {
        Assert.Equal(1, _replica.State.Current.Revision);
        Assert.Equal(2, _replica.Put("a", "1"));
        Assert.Equal("a=1 c2 m2 v1 l0", _replica.Dump());
    }

    [Fact]
    public void Put_ExistingKey_KeepsCreateRevisionAndCountsVersions()
    {
        _replica.Put("a", "1");
        _replica.Put("a", "1");
        Assert.Equal("a=1 c2 m3 v2 l0", _replica.Dump());
    }

    [Fact]
    public void Put_AfterDelete_BeginsAtVersionOne()
    {
        _replica.Put("a", "1");
        _replica.Do(Requests.Delete("a"));
        _replica.Put("a", "2");
        Assert.Equal("a=2 c4 m4 v1 l0", _replica.Dump());
    }

    [Fact]
    public void Put_WithPrevKv_AnswersTheOldValue()
    {
        Assert.Null(_replica.Ok<PutResponse>(Requests.Put("a", "1", prev: true)).PrevKv);
        Assert.Equal("a=1 c2 m2 v1 l0", _replica.Ok<PutResponse>(Requests.Put("a", "2", prev: true)).PrevKv.Show());
    }

    [Fact]
    public void Put_EmptyValue_IsLegal()
    {
        _replica.Put("a", "");
        Assert.Equal("a= c2 m2 v1 l0", _replica.Dump());
    }

    [Fact]
    public void Put_IgnoreValue_KeepsValueAndDetachesLease()
    {
        _replica.Do(new LeaseGrantRequest { ID = 5, TTL = 10 });
        _replica.Put("a", "1", lease: 5);
        _replica.Ok<PutResponse>(Requests.Put("a", "", ignoreValue: true));
        Assert.Equal("a=1 c2 m3 v2 l0", _replica.Dump());
        Assert.Empty(_replica.State.Current.Leases.KeysOf(5)!);
    }

    [Fact]
    public void Put_IgnoreLease_KeepsLease()
    {
        _replica.Do(new LeaseGrantRequest { ID = 5, TTL = 10 });
        _replica.Put("a", "1", lease: 5);
        _replica.Ok<PutResponse>(Requests.Put("a", "2", ignoreLease: true));
        Assert.Equal("a=2 c2 m3 v2 l5", _replica.Dump());
        Assert.Single(_replica.State.Current.Leases.KeysOf(5)!);
    }

    [Theory]
    [InlineData(true, false)]
    [InlineData(false, true)]
    public void Put_IgnoreOnMissingKey_IsKeyNotFound(bool ignoreValue, bool ignoreLease)
    {
        var result = _replica.Do(Requests.Put("a", "", ignoreValue: ignoreValue, ignoreLease: ignoreLease));
        Assert.Equal((StorageError.KeyNotFound, 1), (result.Error, result.Revision));
    }

    [Fact]
    public void Put_UnknownLease_IsLeaseNotFoundAndChangesNothing()
    {
        var result = _replica.Do(Requests.Put("a", "1", lease: 9));
        Assert.Equal((StorageError.LeaseNotFound, 1), (result.Error, result.Revision));
        Assert.Equal("", _replica.Dump());
    }

    [Fact]
    public void Put_OtherLease_MovesTheKey()
    {
        _replica.Do(new LeaseGrantRequest { ID = 5, TTL = 10 });
        _replica.Do(new LeaseGrantRequest { ID = -6, TTL = 10 });
        _replica.Put("a", "1", lease: 5);
        _replica.Put("a", "1", lease: -6);
        Assert.Empty(_replica.State.Current.Leases.KeysOf(5)!);
        Assert.Single(_replica.State.Current.Leases.KeysOf(-6)!);
    }

    [Fact]
    public void Apply_GarbagePayload_IsMalformedAndChangesNothing()
    {
        foreach (var kind in Enum.GetValues<CommandKind>().Where(static kind => kind is not CommandKind.None))
            Assert.Equal(StorageError.Malformed, _replica.Apply(kind, [0xff, 0xff, 0xff]).Error);
        Assert.Equal(1, _replica.State.Current.Revision);
    }
}

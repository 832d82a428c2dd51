using EtcdApi.Etcdserverpb;
using Google.Protobuf;
using Storage.Contracts;
using Storage.Core.Reads;
using Storage.Core.State;
using Storage.Tests.Harness;
using static Storage.Tests.Harness.ColdTree;

namespace Storage.Tests.Apply;

/// <summary>
/// Goal: a range does not wait for the disk once for each row, and does not read what it does not answer. Method: a tree that notes what is asked of it and in which order,
/// under a state that was just rebuilt, so that nothing is in memory but the index.
/// </summary>
public sealed class ColdRangeTests
{
    private const int Keys = 1_000;

    private readonly ColdTree _tree;
    private readonly PublishedState _state;
    private readonly RangeResponse _expected;
    private readonly long _past;

    public ColdRangeTests()
    {
        var replica = new Replica();
        for (var i = 0; i < Keys; i++)
            replica.Put($"k{i * 7 % Keys:D4}", $"value {i}");
        _past = replica.State.Current.Revision;
        for (var i = 0; i < Keys; i += 5)
            replica.Put($"k{i:D4}", $"again {i}");
        replica.Commit();
        _expected = replica.Range(Request());
        _tree = new ColdTree(replica.Tree.AfterCrash());
        _state = new PublishedState(StateMachine.Open(_tree, new StateMachineOptions()).Freeze());
        _tree.Accesses.Clear();
    }

    [Theory]
    [InlineData(100, 128)]
    [InlineData(1024 * 1024, 4)]
    public void Range_RowsOnTheDisk_AreAskedForTogetherBeforeTheyAreRead(int valueBytes, int most)
    {
        _tree.ValueBytes = valueBytes;
        Assert.Equal(_expected.Kvs, Range(Request()).Kvs);
        Assert.Equal(Keys, Count(Access.Read));
        Assert.Equal(Keys, Count(Access.Fetch));
        HashSet<long> underWay = [];
        var longest = 0;
        foreach (var (access, revision) in _tree.Accesses)
        {
            Assert.True(access == Access.Fetch ? underWay.Add(revision) : underWay.Remove(revision), $"{access} of {revision}");
            longest = Math.Max(longest, underWay.Count);
        }
        Assert.Equal(most, longest);
    }

    [Fact]
    public void Range_RowsInMemory_AreAskedForNowAndThen()
    {
        _tree.IsWarm = true;
        Assert.Equal(_expected.Kvs, Range(Request()).Kvs);
        Assert.Equal(32, Count(Access.Fetch));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 2)]
    [InlineData(129, 129)]
    public void Range_WithALimit_AsksForNoMore(int limit, int asked)
    {
        var request = Request();
        request.Limit = limit;
        Assert.Equal(_expected.Kvs.Take(limit), Range(request).Kvs);
        Assert.Equal(limit, Count(Access.Read));
        Assert.Equal(asked, Count(Access.Fetch));
    }

    [Theory]
    [InlineData(RangeRequest.Types.SortOrder.None)]
    [InlineData(RangeRequest.Types.SortOrder.Descend)]
    public void Range_KeysOnly_ReadsNoValue(RangeRequest.Types.SortOrder order)
    {
        foreach (var request in (RangeRequest[])[Request(), new RangeRequest { Key = Requests.Utf8("k0007") }])
        {
            (request.KeysOnly, request.SortOrder) = (true, order);
            Assert.All(Range(request).Kvs, static row => Assert.True(row.Value.IsEmpty && row.ModRevision > 0));
        }
        Assert.Equal(Keys + 1, Count(Access.ReadHead));
        Assert.Equal(Keys + 1, _tree.Accesses.Count);
    }

    [Fact]
    public void Range_SortedByModRevisionInThePast_ReadsTheValuesOfItsRowsOnly()
    {
        var request = Request();
        (request.SortTarget, request.SortOrder, request.Limit) = (RangeRequest.Types.SortTarget.Mod, RangeRequest.Types.SortOrder.Descend, 5);
        request.Revision = _past;
        Assert.Equal(5, Range(request).Kvs.Count);
        // Versions and revisions of the past are in the records, but beside their values.
        Assert.True(Count(Access.ReadHead) > 100);
        Assert.Equal(5, Count(Access.Read));
    }

    private static RangeRequest Request() => new() { Key = Requests.Utf8("\0"), RangeEnd = Requests.Utf8("\0") };

    private RangeResponse Range(RangeRequest request)
    {
        var result = StateReads.Range(_state, request.ToByteArray());
        Assert.Equal(StorageError.None, result.Error);
        return RangeResponse.Parser.ParseFrom(result.Body.Span);
    }

    private int Count(Access access) => _tree.Accesses.Count(one => one.Access == access);
}

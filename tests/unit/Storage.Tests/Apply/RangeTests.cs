using EtcdApi.Etcdserverpb;
using Storage.Contracts;
using Storage.Tests.Harness;

namespace Storage.Tests.Apply;

/// <summary>Goal: the rules of Range (key ranges, revisions, sort, filters, limit). Method: a small store, one request per rule.</summary>
public sealed class RangeTests
{
    private readonly Replica _replica = new();

    public RangeTests()
    {
        _replica.Put("a", "3"); // 2
        _replica.Put("b", "1"); // 3
        _replica.Put("c", "2"); // 4
        _replica.Put("b", "0"); // 5
    }

    [Theory]
    [InlineData("a", "", "a")]
    [InlineData("a", "c", "a b")]
    [InlineData("b", "\0", "b c")]
    [InlineData("\0", "\0", "a b c")]
    [InlineData("b", "b", "")]
    [InlineData("c", "a", "")]
    [InlineData("x", "", "")]
    public void Range_KeyAndEnd_SelectsAsEtcd(string key, string end, string expected)
    {
        var response = _replica.Range(Requests.Range(key, end));
        Assert.Equal(expected, Keys(response));
        Assert.Equal(response.Kvs.Count, response.Count);
    }

    [Fact]
    public void Range_PastRevision_SeesThatState()
    {
        Assert.Equal("a=3 c2 m2 v1 l0\nb=1 c3 m3 v1 l0", _replica.Dump(3));
        Assert.Equal("a=3 c2 m2 v1 l0\nb=1 c3 m3 v1 l0\nc=2 c4 m4 v1 l0", _replica.Dump(4));
        Assert.Equal(_replica.Dump(5), _replica.Dump(-1));
    }

    [Fact]
    public void Range_FutureAndCompactedRevisions_AreRefused()
    {
        Assert.Equal(StorageError.FutureRevision, _replica.RangeError(Requests.Range("a", revision: 6)));
        _replica.Compact(4);
        Assert.Equal(StorageError.Compacted, _replica.RangeError(Requests.Range("a", revision: 3)));
        Assert.Equal(StorageError.None, _replica.RangeError(Requests.Range("a", revision: 4)));
    }

    [Theory]
    [InlineData(RangeRequest.Types.SortTarget.Key, RangeRequest.Types.SortOrder.Descend, "c b a")]
    [InlineData(RangeRequest.Types.SortTarget.Value, RangeRequest.Types.SortOrder.Ascend, "b c a")]
    [InlineData(RangeRequest.Types.SortTarget.Value, RangeRequest.Types.SortOrder.None, "b c a")]
    [InlineData(RangeRequest.Types.SortTarget.Value, RangeRequest.Types.SortOrder.Descend, "a c b")]
    [InlineData(RangeRequest.Types.SortTarget.Version, RangeRequest.Types.SortOrder.Ascend, "a c b")]
    [InlineData(RangeRequest.Types.SortTarget.Version, RangeRequest.Types.SortOrder.Descend, "b a c")]
    [InlineData(RangeRequest.Types.SortTarget.Create, RangeRequest.Types.SortOrder.Descend, "c b a")]
    [InlineData(RangeRequest.Types.SortTarget.Mod, RangeRequest.Types.SortOrder.Descend, "b c a")]
    public void Range_Sorted_OrdersByTargetAndKeepsKeyOrderOfEquals(
        RangeRequest.Types.SortTarget target, RangeRequest.Types.SortOrder order, string expected)
    {
        var request = Requests.Range("a", "\0");
        (request.SortTarget, request.SortOrder) = (target, order);
        Assert.Equal(expected, Keys(_replica.Range(request)));
        request.Limit = 2;
        var limited = _replica.Range(request);
        Assert.Equal((expected[..3], true, 3), (Keys(limited), limited.More, limited.Count));
    }

    /// <summary>etcd 3.5: without a named order the limit is applied to the keys first, and one more than it is sorted.</summary>
    [Theory]
    [InlineData(RangeRequest.Types.SortOrder.None, 1, "b", true)]
    [InlineData(RangeRequest.Types.SortOrder.None, 2, "b c", true)]
    [InlineData(RangeRequest.Types.SortOrder.None, 3, "d b c", true)]
    [InlineData(RangeRequest.Types.SortOrder.None, 4, "d b c a", false)]
    [InlineData(RangeRequest.Types.SortOrder.Ascend, 1, "d", true)]
    [InlineData(RangeRequest.Types.SortOrder.Ascend, 2, "d b", true)]
    [InlineData((RangeRequest.Types.SortOrder)7, 2, "a b", true)]
    [InlineData((RangeRequest.Types.SortOrder)7, 0, "a b c d", false)]
    public void Range_SortTargetAndLimit_SortsWhatEtcdSorts(RangeRequest.Types.SortOrder order, long limit, string expected, bool more)
    {
        _replica.Put("d", "-");
        var request = Requests.Range("a", "\0", limit: limit);
        (request.SortTarget, request.SortOrder) = (RangeRequest.Types.SortTarget.Value, order);
        var response = _replica.Range(request);
        Assert.Equal((expected, more, 4), (Keys(response), response.More, response.Count));
    }

    [Fact]
    public void Range_Limit_SaysMoreAndCountsAll()
    {
        var response = _replica.Range(Requests.Range("a", "\0", limit: 2));
        Assert.Equal(("a b", true, 3), (Keys(response), response.More, response.Count));
        response = _replica.Range(Requests.Range("a", "\0", limit: 3));
        Assert.Equal(("a b c", false, 3), (Keys(response), response.More, response.Count));
    }

    [Fact]
    public void Range_KeysOnly_LeavesOutTheValueAlone()
    {
        var request = Requests.Range("b", "\0");
        request.KeysOnly = true;
        Assert.Equal("b= c3 m5 v2 l0,c= c4 m4 v1 l0", string.Join(',', _replica.Range(request).Kvs.Select(Requests.Show)));
        request.RangeEnd = Requests.Utf8("");
        Assert.Equal("b= c3 m5 v2 l0", _replica.Range(request).Kvs.Single().Show());
    }

    [Theory]
    [InlineData("a", "\0", 3)]
    [InlineData("b", "", 1)]
    [InlineData("x", "", 0)]
    public void Range_CountOnly_HasNoRowsAndNoMore(string key, string end, long count)
    {
        var request = Requests.Range(key, end, limit: 1);
        request.CountOnly = true;
        var response = _replica.Range(request);
        Assert.Equal((count, 0, false), (response.Count, response.Kvs.Count, response.More));
    }

    [Fact]
    public void Range_RevisionBounds_FilterRowsButNotCount()
    {
        var request = Requests.Range("a", "\0");
        (request.MinModRevision, request.MaxModRevision) = (4, 5);
        var response = _replica.Range(request);
        Assert.Equal(("b c", 3), (Keys(response), response.Count));
        request.MinCreateRevision = 4;
        Assert.Equal("c", Keys(_replica.Range(request)));
        (request.MinCreateRevision, request.MaxCreateRevision) = (0, 3);
        request.Limit = 1;
        response = _replica.Range(request);
        Assert.Equal(("b", false), (Keys(response), response.More));
    }

    [Fact]
    public void Range_RecordsInTheTreeOnly_AreRead()
    {
        var before = _replica.Dump();
        _replica.Commit();
        Assert.Equal(before, _replica.AfterCrash([]).Dump());
    }

    private static string Keys(RangeResponse response) => string.Join(' ', response.Kvs.Select(static row => row.Key.ToStringUtf8()));
}

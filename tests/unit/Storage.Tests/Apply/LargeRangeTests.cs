using EtcdApi.Etcdserverpb;
using EtcdApi.Mvccpb;
using Storage.Tests.Harness;

namespace Storage.Tests.Apply;

/// <summary>
/// Goal: ranges over more rows than are held beside the answer say the same as sorting all of them. Method: thousands of keys with versions, values and
/// revisions in different orders; every sort, order, limit and filter, now and in the past, beside LINQ.
/// </summary>
public sealed class LargeRangeTests
{
    private const int Keys = 6_000;

    private static readonly Lazy<(Replica Replica, long Past)> s_filled = new(Fill);

    public static TheoryData<RangeRequest.Types.SortTarget, RangeRequest.Types.SortOrder> Sorts()
    {
        var data = new TheoryData<RangeRequest.Types.SortTarget, RangeRequest.Types.SortOrder>();
        foreach (var target in Enum.GetValues<RangeRequest.Types.SortTarget>())
        {
            foreach (var order in Enum.GetValues<RangeRequest.Types.SortOrder>())
                data.Add(target, order);
        }
        return data;
    }

    [Theory]
    [MemberData(nameof(Sorts))]
    public void Range_ManyRows_AsSortedWhole(RangeRequest.Types.SortTarget target, RangeRequest.Types.SortOrder order)
    {
        var (replica, past) = s_filled.Value;
        foreach (var revision in (long[])[0, past])
        {
            var all = replica.Range(Request(revision)).Kvs.ToList();
            foreach (var limit in (long[])[0, 1, 100, 2_500, 100_000])
            {
                foreach (var (minMod, maxCreate) in ((long, long)[])[(0, 0), (past / 2, 0), (past / 3, past - 50)])
                {
                    var request = Request(revision);
                    (request.SortTarget, request.SortOrder, request.Limit) = (target, order, limit);
                    (request.MinModRevision, request.MaxCreateRevision) = (minMod, maxCreate);
                    AssertSame(request, all, replica.Range(request));
                }
            }
        }
    }

    [Fact]
    public void Range_CountOnlyAndKeysOnly_AgreeWithTheRows()
    {
        var (replica, past) = s_filled.Value;
        foreach (var revision in (long[])[0, past])
        {
            var all = replica.Range(Request(revision)).Kvs;
            var countOnly = Request(revision);
            countOnly.CountOnly = true;
            Assert.Equal((all.Count, 0), ((int)replica.Range(countOnly).Count, replica.Range(countOnly).Kvs.Count));
            var keysOnly = Request(revision);
            keysOnly.KeysOnly = true;
            Assert.Equal(all.Select(row => (row.Key, row.ModRevision)), replica.Range(keysOnly).Kvs.Select(row => (row.Key, row.ModRevision)));
        }
    }

    private static void AssertSame(RangeRequest request, List<KeyValue> all, RangeResponse response)
    {
        var rows = all.Where(row => row.ModRevision >= request.MinModRevision && (request.MaxCreateRevision == 0 || row.CreateRevision <= request.MaxCreateRevision)).ToList();
        var accepted = rows.Count;
        var isFiltered = request.MinModRevision != 0 || request.MaxCreateRevision != 0;
        // etcd pushes the limit into the fetch, and one more, when no order is named.
        if (request.SortOrder == RangeRequest.Types.SortOrder.None && request.Limit > 0 && !isFiltered)
            (rows, accepted) = ([.. rows.Take((int)request.Limit + 1)], Math.Min(accepted, (int)request.Limit + 1));
        Comparison<KeyValue> compare = request.SortTarget switch
        {
            RangeRequest.Types.SortTarget.Version => static (a, b) => a.Version.CompareTo(b.Version),
            RangeRequest.Types.SortTarget.Create => static (a, b) => a.CreateRevision.CompareTo(b.CreateRevision),
            RangeRequest.Types.SortTarget.Mod => static (a, b) => a.ModRevision.CompareTo(b.ModRevision),
            RangeRequest.Types.SortTarget.Value => static (a, b) => a.Value.Span.SequenceCompareTo(b.Value.Span),
            _ => static (a, b) => a.Key.Span.SequenceCompareTo(b.Key.Span),
        };
        var isDescending = request.SortOrder == RangeRequest.Types.SortOrder.Descend;
        // Stable: equal rows stay in key order.
        var sorted = isDescending ? rows.OrderDescending(Comparer<KeyValue>.Create(compare)) : rows.Order(Comparer<KeyValue>.Create(compare));
        var expected = (request.Limit == 0 ? sorted : sorted.Take((int)Math.Min(request.Limit, int.MaxValue))).ToList();
        Assert.True(expected.SequenceEqual(response.Kvs), request.ToString());
        Assert.Equal((all.Count, accepted > expected.Count), ((int)response.Count, response.More));
    }

    private static RangeRequest Request(long revision) =>
        new() { Key = Requests.Utf8("k"), RangeEnd = Requests.Utf8("l"), Revision = revision };

    private static (Replica Replica, long Past) Fill()
    {
        var random = new Random(5);
        var replica = new Replica(options: new() { HotRevisions = 1_000 });
        long past = 0;
        for (var i = 0; i < 2 * Keys; i++)
        {
            replica.Put($"k{random.Next(Keys):D5}", $"{random.Next(500)}");
            if (i % 50 == 49)
                replica.Do(Requests.Delete($"k{random.Next(Keys):D5}"));
            if (i == Keys)
                past = replica.State.Current.Revision;
        }
        replica.Commit();
        return (replica, past);
    }
}

using EtcdApi.Wire;
using Storage.Core.Mvcc;

namespace Storage.Core.Reads;

/// <summary>An etcdserverpb.RangeRequest, parsed in place.</summary>
public readonly ref struct RangeQuery
{
    public const int NoOrder = 0;
    public const int Ascend = 1;
    public const int Descend = 2;

    /// <summary><see cref="Target"/> for the value.</summary>
    public const int ByValue = 4;

    private RangeQuery(KeyRange range, scoped ReadOnlySpan<long> numbers, bool keysOnly, bool countOnly)
    {
        Range = range;
        Limit = Math.Max(0, numbers[3]);
        Revision = numbers[4];
        Target = numbers[6] is >= 0 and <= 4 ? (int)numbers[6] : 0;
        // "Sorted by something" without an order means ascending; unknown orders mean none.
        Order = (int)numbers[5] switch
        {
            Ascend => Ascend,
            Descend => Descend,
            NoOrder when Target != 0 => Ascend,
            _ => NoOrder,
        };
        (MinModRevision, MaxModRevision) = (numbers[10], numbers[11]);
        (MinCreateRevision, MaxCreateRevision) = (numbers[12], numbers[13]);
        KeysOnly = keysOnly;
        CountOnly = countOnly;
        LimitsBeforeSorting = numbers[5] == NoOrder && Limit > 0 && !IsFiltered;
    }

    public KeyRange Range { get; }
    public long Limit { get; }

    /// <summary>0 or negative: current.</summary>
    public long Revision { get; }

    public int Order { get; }

    /// <summary>0 key, 1 version, 2 create revision, 3 mod revision, 4 value.</summary>
    public int Target { get; }

    /// <summary>
    /// Only the first keys up to the limit, and one more, are sorted: etcd pushes the limit into the fetch unless an order was named,
    /// and a target alone names none. Which rows such a client gets, and so what its pages hold, follows from it.
    /// </summary>
    public bool LimitsBeforeSorting { get; }

    public bool KeysOnly { get; }
    public bool CountOnly { get; }
    public long MinModRevision { get; }
    public long MaxModRevision { get; }
    public long MinCreateRevision { get; }
    public long MaxCreateRevision { get; }

    /// <summary>Keys come out of the index in the order asked for and none is filtered: the answer can be written as it is found.</summary>
    public bool IsPlain => !IsFiltered && (Order == NoOrder || (Order == Ascend && Target == 0));

    private bool IsFiltered => (MinModRevision | MaxModRevision | MinCreateRevision | MaxCreateRevision) != 0;

    /// <summary>Inclusive bounds on the revisions; 0 is no bound.</summary>
    public bool Accepts(long createRevision, long modRevision) =>
        (MinModRevision == 0 || modRevision >= MinModRevision) && (MaxModRevision == 0 || modRevision <= MaxModRevision)
        && (MinCreateRevision == 0 || createRevision >= MinCreateRevision) && (MaxCreateRevision == 0 || createRevision <= MaxCreateRevision);

    /// <summary>Reads a request; false when the bytes are none.</summary>
    public static bool TryParse(ReadOnlySpan<byte> request, out RangeQuery query)
    {
        ReadOnlySpan<byte> key = default, end = default;
        Span<long> numbers = stackalloc long[14];
        numbers.Clear();
        var reader = new ProtoReader(request);
        while (reader.Next())
        {
            switch (reader.Field)
            {
                case 1: key = reader.Bytes; break;
                case 2: end = reader.Bytes; break;
                case <= 13: numbers[reader.Field] = (long)reader.Varint; break;
                default: break;
            }
        }
        query = new RangeQuery(new KeyRange(key, end), numbers, numbers[8] != 0, numbers[9] != 0);
        return !reader.Malformed && !key.IsEmpty;
    }
}
